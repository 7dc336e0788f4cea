"use strict";
(() => {
  const source = document.getElementById("catalogue");
  const input = document.getElementById("search");
  if (!source || !input) return;
  const { tenants, agents } = JSON.parse(source.textContent);
  const found = document.getElementById("found");
  const results = document.getElementById("results");
  const most = 20;
  const name = (at) => (at === null ? "no tenant" : tenants[at][0] + (tenants[at][1] ? "" : " (not active)"));
  const access = ([, , owner, mode, others]) => {
    if (mode === "global") return "of " + name(owner) + ", seen by everybody";
    const seers = mode === "selective" ? others.filter((at) => at !== owner).map(name) : [];
    return "of " + name(owner) + ", " + mode + ", seen by " + [name(owner), ...seers].join(", ") + " and platform admins";
  };
  const row = (agent) => {
    const item = document.createElement("li");
    const title = document.createElement("strong");
    const isolated = document.createElement("bdi");
    const line = document.createElement("span");
    isolated.textContent = agent[1];
    title.append(isolated);
    line.className = "soft";
    line.textContent = access(agent) + " · " + agent[0];
    item.append(title, line);
    return item;
  };
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    const fitting = wanted
      ? agents.filter((agent) => agent[1].toLowerCase().includes(wanted) || agent[0] === wanted)
      : [];
    results.replaceChildren(...fitting.slice(0, most).map(row));
    found.textContent = !wanted
      ? agents.length.toLocaleString("en") + " agents"
      : fitting.length + " found" + (fitting.length > most ? ", the first " + most + " shown" : "");
  });
})();
