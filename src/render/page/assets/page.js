"use strict";
(() => {
  // Tables: sorted by their heads, narrowed by a text, and a word where columns stand outside.
  const value = (row, at) => {
    const text = row.cells[at].textContent.trim();
    const number = Number(text.replace(/,/g, ""));
    return text !== "" && !Number.isNaN(number) ? number : text;
  };
  const compare = (one, other) => {
    if (typeof one === "number" && typeof other === "number") return one - other;
    return String(one).localeCompare(String(other), "en");
  };
  const sortable = (table) => {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, at) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        heads.forEach((each) => each.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const body = table.tBodies[0];
        const rows = [...body.rows].sort((a, b) => (up ? 1 : -1) * compare(value(a, at), value(b, at)));
        body.append(...rows);
      });
    });
  };
  let number = 0;
  const searchable = (region, table) => {
    const rows = [...table.tBodies[0].rows];
    if (rows.length < 15) return;
    const box = document.createElement("div");
    const label = document.createElement("label");
    const input = document.createElement("input");
    const said = document.createElement("p");
    box.className = "search";
    input.type = "search";
    input.id = "rows" + number++;
    label.htmlFor = input.id;
    label.textContent = "Rows that contain";
    said.className = "soft";
    said.setAttribute("role", "status");
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLowerCase();
      let shown = 0;
      for (const row of rows) {
        row.hidden = !row.textContent.toLowerCase().includes(wanted);
        shown += row.hidden ? 0 : 1;
      }
      const cut = region.dataset.left ? "; " + region.dataset.left : "";
      said.textContent = wanted ? shown + " of " + rows.length + " rows" + cut : "";
    });
    box.append(label, input, said);
    region.before(box);
  };
  for (const region of document.querySelectorAll(".scroll")) {
    const table = region.querySelector("table");
    if (!table || !table.tHead) continue;
    sortable(table);
    searchable(region, table);
    const cue = document.createElement("p");
    cue.className = "cue";
    cue.textContent = "Scroll sideways for more columns →";
    region.before(cue);
    const look = () => (cue.hidden = region.scrollWidth <= region.clientWidth + 1);
    new ResizeObserver(look).observe(region);
    look();
  }
})();
