"use strict";
(() => {
  const element = (id) => document.getElementById(id);
  const grid = element("grid");
  if (!vitalModel || !grid) return;
  const { all, owners, viewers, pairs, agents, number, counted, name, access, sees, row, leftOut } = vitalModel;
  const canvas = grid.querySelector("canvas");
  const space = canvas.parentElement;
  const tip = element("tip");
  const pen = canvas.getContext("2d");
  const steps = [3, 5, 8, 12, 16, 22, 28, 36, 44];
  const modes = ["private", "selective", "global"];
  const everybody = -1;
  let rows = [], columns = [], most = 1, zoom = 4, cursor = null, hover = null, ink = {};
  let cell = 22, left = 150, top = 110, strip = 0, width = 0, height = 0;

  const layers = () => Object.fromEntries(modes.map((mode) => [mode, element("layer-" + mode).checked]));
  const count = (owner, viewer, shown) => {
    const seen = access(owner, viewer);
    if (viewer === everybody) return seen.global;
    return (shown.private ? seen.private : 0) + (shown.selective ? seen.selective : 0);
  };
  const orders = {
    name: [() => 0, () => 0],
    shared: [(at) => all[at].given, (at) => all[at].received],
    agents: [(at) => all[at].own + all[at].selective + all[at].global, (at) => all[at].own + all[at].selective + all[at].received],
  };

  // Which tenants stand on the axes, and in which order.
  const arrange = () => {
    const shown = layers();
    const [byOwner, byViewer] = orders[element("order").value];
    const quiet = element("quiet").checked;
    const pick = (places, text, order, speaks) => {
      const wanted = text.trim().toLowerCase();
      const kept = places.filter((at) => all[at].name.toLowerCase().includes(wanted) && (!quiet || speaks(all[at])));
      return kept.sort((a, b) => order(b) - order(a) || a - b);
    };
    rows = pick([...owners], element("owners").value, byOwner, (t) => t.given + t.global > 0);
    columns = pick([...viewers], element("viewers").value, byViewer, (t) => t.received > 0);
    if (shown.global) columns.unshift(everybody);
    most = 1;
    for (const owner of rows) {
      if (shown.private) most = Math.max(most, all[owner].own + all[owner].selective);
      for (const seen of pairs.get(owner)?.values() ?? []) most = Math.max(most, seen);
    }
    cursor = null;
    const outside = owners.length - rows.length;
    const hidden = viewers.length - columns.filter((at) => at !== everybody).length;
    const parts = [number(rows.length) + " of " + counted(owners.length, "owner", "owners") + " (rows)",
      number(viewers.length - hidden) + " of " + counted(viewers.length, "viewer", "viewers") + " (columns)"];
    const why = outside + hidden > 0 ? "; the others do not match the filters above" : "";
    element("shown").textContent = rows.length && columns.length
      ? parts.join(", ") + why + "."
      : "Nothing to show with these filters: " + parts.join(", ") + ". Clear a filter or show all tenants.";
    layout();
  };

  const fit = () => {
    const room = grid.clientWidth - left - 4;
    const fitting = steps.findLastIndex((step) => step * columns.length <= room);
    return Math.min(Math.max(fitting, 0), 7);
  };

  const palette = () => {
    const style = getComputedStyle(document.documentElement);
    const colour = (text) => text.match(/[\da-f]{2}/gi).map((part) => parseInt(part, 16));
    for (const key of ["ink", "soft", "rule", "paper", "raised", "ground", "link", "edge", ...modes]) ink[key] = style.getPropertyValue("--" + key).trim();
    ink.mix = (mode, strength) => {
      const [from, to] = [colour(ink.ground), colour(ink[mode])];
      return from.map((part, at) => Math.round(part + (to[at] - part) * strength));
    };
  };
  const css = (rgb) => "rgb(" + rgb.join(" ") + ")";
  const light = (rgb) => {
    const [r, g, b] = rgb.map((part) => (part / 255 <= 0.04045 ? part / 3294.6 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };

  const layout = () => {
    const narrow = grid.clientWidth < 500;
    cell = steps[zoom];
    pen.font = "12px system-ui, sans-serif";
    const longest = (places) => places.reduce((size, at) => Math.max(size, at === everybody ? 60 : pen.measureText(all[at].name).width), 40);
    left = Math.min(longest(rows) + 14, narrow ? 110 : 190);
    top = Math.min(longest(columns) + 14, narrow ? 110 : 150);
    strip = columns[0] === everybody ? Math.max(cell, 30) + 6 : 0;
    const total = [left + strip + (columns.length - (strip ? 1 : 0)) * cell + 2, top + rows.length * cell + 2];
    grid.classList.toggle("small", total[1] < 700);
    space.style.width = total[0] + "px";
    space.style.height = Math.max(total[1], 80) + "px";
    width = grid.clientWidth;
    height = grid.classList.contains("small") ? Math.max(total[1], 80) : grid.clientHeight;
    element("more").hidden = total[0] <= width + 1 && total[1] <= height + 1;
    const density = window.devicePixelRatio || 1;
    canvas.width = width * density;
    canvas.height = height * density;
    canvas.style.width = width + "px";
    canvas.style.height = height + "px";
    pen.setTransform(density, 0, 0, density, 0, 0);
    element("in").disabled = zoom === steps.length - 1;
    element("out").disabled = zoom === 0;
    draw();
  };

  const x = (column) => (strip && column === 0 ? left : left + strip + (column - (strip ? 1 : 0)) * cell - grid.scrollLeft);
  const y = (at) => top + at * cell - grid.scrollTop;
  const clip = (text, room) => {
    if (pen.measureText(text).width <= room) return text;
    let end = text.length;
    while (end > 1 && pen.measureText(text.slice(0, end) + "…").width > room) end -= 1;
    return text.slice(0, end) + "…";
  };
  const brief = (seen) => (seen < 1000 ? String(seen) : seen < 999500 ? +(seen / 1000).toPrecision(2) + "k" : +(seen / 1e6).toPrecision(2) + "M");

  const paint = (mode, seen, at, column, top_) => {
    const strength = 0.25 + 0.75 * (most > 1 ? Math.min(1, Math.log(seen) / Math.log(most)) : 1);
    const fill = ink.mix(mode, strength);
    const wide = column === 0 && strip ? strip - 6 : cell;
    const gap = cell >= 8 ? 1 : 0;
    pen.fillStyle = css(fill);
    pen.fillRect(x(column), top_, wide - gap, cell - gap);
    const text = brief(seen);
    if (cell >= 16 && pen.measureText(text).width <= wide - 3) {
      pen.fillStyle = light(fill) > 0.179 ? "#000000" : "#ffffff";
      pen.textAlign = "center";
      pen.fillText(text, x(column) + (wide - gap) / 2, top_ + (cell - gap) / 2 + 0.5);
    }
  };

  const draw = () => {
    const shown = layers();
    const place = new Map(columns.map((at, column) => [at, column]));
    const first = Math.max(0, Math.floor(grid.scrollTop / cell));
    const last = Math.min(rows.length, Math.ceil((grid.scrollTop + height - top) / cell));
    pen.fillStyle = ink.paper;
    pen.fillRect(0, 0, width, height);
    pen.textBaseline = "middle";
    pen.font = (cell < 22 ? "10px" : "12px") + " system-ui, sans-serif";
    pen.save();
    pen.beginPath();
    pen.rect(left + strip, top, width, height);
    pen.clip();
    const end = x(columns.length - 1) + cell;
    pen.fillStyle = ink.ground;
    pen.fillRect(left + strip, top, end - left - strip, y(rows.length) - top);
    pen.strokeStyle = ink.paper;
    if (cell >= 8) {
      pen.beginPath();
      for (let at = first; at <= last; at++) pen.moveTo(left, y(at) - 0.5), pen.lineTo(end, y(at) - 0.5);
      for (let column = strip ? 1 : 0; column < columns.length; column++) pen.moveTo(x(column) - 0.5, top), pen.lineTo(x(column) - 0.5, y(rows.length));
      pen.stroke();
    }
    for (let at = first; at < last; at++) {
      const owner = rows[at];
      const own = place.has(owner) ? count(owner, owner, shown) : 0;
      if (own) paint(shown.private ? "private" : "selective", own, at, place.get(owner), y(at));
      if (!shown.selective) continue;
      for (const [viewer, seen] of pairs.get(owner) ?? []) if (place.has(viewer)) paint("selective", seen, at, place.get(viewer), y(at));
    }
    pen.restore();
    if (strip) {
      pen.save();
      pen.beginPath();
      pen.rect(0, top, width, height);
      pen.clip();
      for (let at = first; at < last; at++) {
        pen.fillStyle = ink.ground;
        pen.fillRect(left, y(at), strip - 6, cell - (cell >= 8 ? 1 : 0));
        if (all[rows[at]].global) paint("global", all[rows[at]].global, at, 0, y(at));
      }
      pen.restore();
    }
    labels(first, last);
    const mark = (spot, colour, line) => {
      if (!spot || y(spot[0]) < top - cell || (spot[1] > 0 && x(spot[1]) < left + strip - cell)) return;
      pen.strokeStyle = colour;
      pen.lineWidth = line;
      pen.strokeRect(x(spot[1]) - 0.5, y(spot[0]) - 0.5, spot[1] === 0 && strip ? strip - 6 : cell, cell);
      pen.lineWidth = 1;
    };
    mark(hover, ink.ink, 1);
    mark(cursor, ink.link, 3);
  };

  // Names beside the cells: as many as fit, and always those of the cell that is looked at.
  const labels = (first, last) => {
    const every = Math.max(1, Math.ceil(13 / cell));
    const looked = hover ?? cursor;
    const colour = (at) => (at === everybody || all[at].isActive ? ink.ink : ink.soft);
    pen.font = "12px system-ui, sans-serif";
    pen.save();
    pen.beginPath();
    pen.rect(0, top, left, height);
    pen.clip();
    pen.textAlign = "right";
    const beside = (at, strong) => {
      pen.font = (strong ? "bold " : "") + "12px system-ui, sans-serif";
      pen.fillStyle = strong ? ink.paper : colour(rows[at]);
      if (strong) {
        pen.fillStyle = ink.ink;
        pen.fillRect(0, y(at) + cell / 2 - 8, left - 3, 16);
        pen.fillStyle = ink.paper;
      }
      pen.fillText(clip(all[rows[at]].name, left - 12), left - 7, y(at) + cell / 2);
    };
    for (let at = first - (first % every); at < last; at += every) if (at >= 0) beside(at, false);
    if (looked) beside(looked[0], true);
    pen.restore();
    pen.save();
    pen.beginPath();
    pen.rect(strip ? left - 2 : left, 0, width, top);
    pen.clip();
    const above = (column, strong) => {
      const middle = x(column) + (column === 0 && strip ? strip - 6 : cell) / 2;
      if (column > 0 && middle < left + strip) return;
      pen.save();
      pen.translate(middle, top - 6);
      pen.rotate(-Math.PI / 2);
      pen.textAlign = "left";
      pen.font = (strong ? "bold " : "") + "12px system-ui, sans-serif";
      pen.fillStyle = columns[column] === everybody ? ink.ink : colour(columns[column]);
      if (strong) {
        pen.fillRect(-3, -8, top, 16);
        pen.fillStyle = ink.paper;
      }
      pen.fillText(clip(columns[column] === everybody ? "everybody" : all[columns[column]].name, top - 12), 0, 0.5);
      pen.restore();
    };
    for (let column = 0; column < columns.length; column += column === 0 && strip ? 1 : every) {
      const at = x(column);
      if (at > -cell && at < width) above(column, false);
    }
    if (looked) above(looked[1], true);
    pen.restore();
    pen.fillStyle = ink.soft;
    pen.font = "11px system-ui, sans-serif";
    pen.textAlign = "right";
    pen.fillText("owners ↓", left - 7, top - 9);
    pen.fillText("viewers →", left - 7, top - 25);
  };

  const spot = (event) => {
    const box = canvas.getBoundingClientRect();
    const [across, down] = [event.clientX - box.left, event.clientY - box.top];
    if (across < left || down < top) return null;
    const at = Math.floor((down - top + grid.scrollTop) / cell);
    const column = across < left + strip ? 0 : Math.floor((across - left - strip + grid.scrollLeft) / cell) + (strip ? 1 : 0);
    return at < rows.length && column < columns.length ? [at, column] : null;
  };
  const says = ([at, column]) => {
    const [owner, viewer] = [rows[at], columns[column]];
    const seen = access(owner, viewer);
    const of = owner === viewer ? "its own" : name(owner) + "’s";
    if (viewer === everybody) return "Everybody sees " + counted(seen.global, "global agent", "global agents") + " of " + name(owner);
    const parts = modes.filter((mode) => seen[mode]).map((mode) => number(seen[mode]) + " " + mode);
    return name(viewer) + " sees " + (parts.length ? parts.join(", ") : "none") + " of " + of + " agents";
  };
  const open = ([at, column]) => {
    const [owner, viewer] = [rows[at], columns[column]];
    const seen = access(owner, viewer);
    const sum = viewer === everybody ? seen.global : seen.private + seen.selective + seen.global;
    const listed = agents.filter((agent) => agent[2] === owner && sees(agent, viewer));
    const heading = document.createElement("h3");
    heading.textContent = says([at, column]);
    const list = document.createElement("ul");
    list.className = "results";
    list.tabIndex = 0;
    list.setAttribute("aria-label", "Agents");
    list.append(...listed.slice(0, 200).map(row));
    const note = document.createElement("p");
    const cut = Math.min(listed.length, 200);
    const more = cut < sum ? "; the other " + number(sum - cut) + " are not shown. `vital sharing explain --tenant " + (viewer === everybody ? "SLUG" : all[viewer].name) + "` answers for all" : "";
    note.className = "soft";
    note.textContent = number(cut) + " of " + counted(sum, "agent", "agents") + " listed" + more + ".";
    element("detail").replaceChildren(heading, note, ...(cut ? [list] : []));
  };

  const point = (where) => {
    cursor = where;
    hover = null;
    const [at, column] = where;
    const row_ = [at * cell, (at + 1) * cell - (height - top)];
    if (grid.scrollTop > row_[0]) grid.scrollTop = row_[0];
    if (grid.scrollTop < row_[1]) grid.scrollTop = row_[1];
    if (column > 0 || !strip) {
      const behind = (column - (strip ? 1 : 0)) * cell;
      const edge = behind + cell - (width - left - strip);
      if (grid.scrollLeft > behind) grid.scrollLeft = behind;
      if (grid.scrollLeft < edge) grid.scrollLeft = edge;
    }
    element("cell").textContent = says(where) + ".";
    draw();
  };
  const scale = (to) => {
    zoom = Math.min(Math.max(to, 0), steps.length - 1);
    const kept = cursor;
    layout();
    if (kept) point(kept);
  };

  grid.addEventListener("keydown", (event) => {
    const [at, column] = cursor ?? [0, 0];
    const page = Math.max(1, Math.floor((height - top) / cell) - 1);
    const moves = {
      ArrowUp: [at - 1, column], ArrowDown: [at + 1, column], ArrowLeft: [at, column - 1], ArrowRight: [at, column + 1],
      PageUp: [at - page, column], PageDown: [at + page, column], Home: [at, 0], End: [at, columns.length - 1],
    };
    if (event.ctrlKey || event.metaKey || event.altKey || !rows.length || !columns.length) return;
    if (event.key in moves) {
      const [to, across] = cursor ? moves[event.key] : [0, 0];
      point([Math.min(Math.max(to, 0), rows.length - 1), Math.min(Math.max(across, 0), columns.length - 1)]);
    } else if ((event.key === "Enter" || event.key === " ") && cursor) open(cursor);
    else if (event.key === "+" || event.key === "=") scale(zoom + 1);
    else if (event.key === "-") scale(zoom - 1);
    else if (event.key === "0") scale(fit());
    else if (event.key === "Escape" && cursor) (cursor = null), draw();
    else return;
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => {
    hover = event.pointerType === "touch" ? null : spot(event);
    tip.hidden = !hover;
    if (hover) {
      tip.textContent = says(hover);
      tip.style.left = Math.min(event.clientX + 14, window.innerWidth - tip.offsetWidth - 8) + "px";
      tip.style.top = Math.min(event.clientY + 18, window.innerHeight - tip.offsetHeight - 8) + "px";
    }
    draw();
  });
  canvas.addEventListener("pointerleave", () => {
    hover = null;
    tip.hidden = true;
    draw();
  });
  canvas.addEventListener("click", (event) => {
    const where = spot(event);
    if (!where) return;
    point(where);
    open(where);
  });
  grid.addEventListener("scroll", draw, { passive: true });
  for (const id of ["owners", "viewers"]) element(id).addEventListener("input", arrange);
  for (const id of ["order", "quiet", ...modes.map((mode) => "layer-" + mode)]) element(id).addEventListener("change", arrange);
  element("in").addEventListener("click", () => scale(zoom + 1));
  element("out").addEventListener("click", () => scale(zoom - 1));
  element("fit").addEventListener("click", () => scale(fit()));
  const repaint = () => {
    palette();
    layout();
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  matchMedia("print").addEventListener("change", repaint);
  new ResizeObserver(() => grid.clientWidth !== width && layout()).observe(grid);

  const many = Math.max(owners.length, viewers.length) > 40;
  element("order").value = many ? "shared" : "name";
  element("quiet").checked = many && pairs.size > 0;
  element("matrix").hidden = false;
  palette();
  arrange();
  // Names and numbers can be read at first; what does not fit is scrolled to.
  zoom = Math.max(fit(), 4);
  layout();
})();
