"use strict";
// What the page knows of tenants and agents, for the matrix and the search.
const vitalModel = (() => {
  const source = document.getElementById("data");
  if (!source) return null;
  const data = JSON.parse(source.textContent);
  const tenants = data.tenants.map(([name, status, isActive, own, selective, global]) => ({
    name, status, isActive, own, selective, global, received: 0, given: 0,
  }));
  const pairs = new Map();
  for (const [owner, viewer, count] of data.pairs) {
    if (!pairs.has(owner)) pairs.set(owner, new Map());
    pairs.get(owner).set(viewer, count);
    tenants[owner].given += count;
    tenants[viewer].received += count;
  }
  const number = (count) => count.toLocaleString("en");
  const counted = (count, one, many) => number(count) + " " + (count === 1 ? one : many);
  const name = (at) => (at === null ? "no tenant" : tenants[at].name + (tenants[at].isActive ? "" : " (" + tenants[at].status + ")"));
  // What the members of a tenant see of an owner's agents, by how these are shared.
  const access = (owner, viewer) => {
    const { own, selective, global } = tenants[owner];
    if (viewer < 0) return { private: 0, selective: 0, global };
    const acts = tenants[viewer].isActive;
    if (owner === viewer) return { private: acts ? own : 0, selective: acts ? selective : 0, global };
    return { private: 0, selective: pairs.get(owner)?.get(viewer) ?? 0, global };
  };
  const sees = ([, , owner, mode, others], viewer) =>
    mode === "global" || (viewer >= 0 && tenants[viewer].isActive && (owner === viewer || (mode === "selective" && others.includes(viewer))));
  const audience = ([, , owner, mode, others]) => {
    if (mode === "global") return "of " + name(owner) + ", global: everybody sees it";
    const seers = [owner, ...(mode === "selective" ? others.filter((at) => at !== owner) : [])];
    const acting = seers.filter((at) => at !== null && tenants[at].isActive).map(name);
    const who = acting.length ? acting.join(", ") + " and platform admins see it" : "only platform admins see it";
    return "of " + name(owner) + ", " + mode + ": " + who;
  };
  const row = (agent) => {
    const item = document.createElement("li");
    const title = document.createElement("strong");
    const isolated = document.createElement("bdi");
    const line = document.createElement("span");
    isolated.textContent = agent[1];
    title.append(isolated);
    line.className = "soft";
    line.textContent = audience(agent) + " · " + agent[0];
    item.append(title, line);
    return item;
  };
  const left = data.total - data.agents.length;
  const leftOut = left > 0 ? counted(left, "agent is not on this page; ", "agents are not on this page; ") + "`vital sharing explain --agent NAME` answers for each" : "";
  return { ...data, all: tenants, pairs, number, counted, name, access, sees, row, leftOut };
})();
(() => {
  const input = document.getElementById("search");
  if (!vitalModel || !input) return;
  const { agents, counted, number, row, leftOut } = vitalModel;
  const found = document.getElementById("found");
  const results = document.getElementById("results");
  const most = 20;
  const initial = found.textContent;
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    const fitting = wanted ? agents.filter((agent) => agent[1].toLowerCase().includes(wanted) || agent[0] === wanted) : [];
    results.replaceChildren(...fitting.slice(0, most).map(row));
    if (!wanted) {
      found.textContent = initial;
      return;
    }
    const among = leftOut ? " among the " + counted(agents.length, "agent", "agents") + " on this page" : "";
    const first = fitting.length > most ? ", the first " + most + " shown" : "";
    const said = fitting.length ? number(fitting.length) + " found" + among + first : "No agent" + (among || "") + " is called so";
    found.textContent = said + (leftOut ? ". " + leftOut : "") + ".";
  });
})();
