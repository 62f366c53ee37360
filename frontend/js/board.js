// The unit board: colours, filters, buildings, choosing several, the panel, and live cells. The server draws the
// cells; this script only changes attributes of those that are there.
const node = document.getElementById("board-settings");
const settings = node ? JSON.parse(node.textContent) : null;
const board = () => document.getElementById("board");
const cells = () => Array.from(board().querySelectorAll("a.cell"));
const say = (key, values) => settings.words[key].replace(/\{(\w+)\}/g, (all, name) => values[name]);
const DAY = 86400000;
const WAN = 10000;

const state = { by: "state", building: "", picked: new Set(), legend: new Set(), picking: false };

// --- what a cell is coloured by: key -> {label, tone}

function layoutGroups() {
  const used = new Set(cells().map((one) => one.dataset.l).filter(Boolean));
  const codes = Object.keys(settings.layouts).filter((pk) => used.has(pk));
  const groups = codes.map((pk, i) => ({ key: pk, label: settings.layouts[pk], tone: settings.tones[i % settings.tones.length] }));
  return { of: (cell) => cell.dataset.l || "-", groups };
}

function priceGroups() {
  const totals = cells().map((one) => Number(one.dataset.p)).filter((total) => total > 0).sort((a, b) => a - b);
  if (!totals.length) return { of: () => "-", groups: [] };
  const round = (total) => Math.round(total / WAN / 10) * 10;
  const bounds = [];
  for (let i = 1; i < settings.bands; i += 1) {
    const bound = round(totals[Math.floor((totals.length * i) / settings.bands)]);
    if (bound > (bounds[bounds.length - 1] || 0) && bound * WAN > totals[0]) bounds.push(bound);
  }
  const edges = [Math.floor(totals[0] / WAN), ...bounds, Math.ceil(totals[totals.length - 1] / WAN)];
  const groups = edges.slice(1).map((to, i) => ({ key: String(i), label: say("price", { from: edges[i], to }), tone: settings.tones[i % settings.tones.length] }));
  const of = (cell) => (Number(cell.dataset.p) > 0 ? String(bounds.filter((bound) => Number(cell.dataset.p) >= bound * WAN).length) : "-");
  return { of, groups };
}

function daysGroups() {
  const today = Date.parse(settings.today);
  const bounds = settings.days_bounds;
  const groups = bounds.map((to, i) => ({ key: String(i), label: say("days", { from: i ? bounds[i - 1] : 0, to }), tone: settings.tones[i % settings.tones.length] }));
  groups.push({ key: String(bounds.length), label: say("days_more", { from: bounds[bounds.length - 1] }), tone: settings.tones[bounds.length % settings.tones.length] });
  const of = (cell) => {
    if (cell.dataset.state !== "available" || !cell.dataset.s) return "-";
    const days = Math.round((today - Date.parse(cell.dataset.s)) / DAY);
    return String(bounds.filter((bound) => days > bound).length);
  };
  return { of, groups };
}

const stateGroups = () => ({ of: (cell) => cell.dataset.state, groups: Object.entries(settings.states).map(([key, label]) => ({ key, label })) });
const GROUPS = { state: stateGroups, layout: layoutGroups, price: priceGroups, days: daysGroups };
let grouping = null;

function paint() {
  grouping = GROUPS[state.by]();
  const tones = new Map(grouping.groups.map((group) => [group.key, group.tone]));
  board().dataset.by = state.by;
  for (const cell of cells()) {
    if (state.by === "state") delete cell.dataset.tone;
    else cell.dataset.tone = tones.get(grouping.of(cell)) || "none";
  }
  legend();
}

function legend() {
  const counts = new Map();
  for (const cell of cells()) {
    if (inBuilding(cell)) counts.set(grouping.of(cell), (counts.get(grouping.of(cell)) || 0) + 1);
  }
  const host = document.getElementById("board-legend");
  host.replaceChildren(...grouping.groups.filter((group) => counts.get(group.key)).map((group) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "chip";
    if (state.by === "state") button.dataset.state = group.key;
    else button.dataset.tone = group.tone;
    button.dataset.legend = group.key;
    button.setAttribute("aria-pressed", String(state.legend.has(group.key)));
    const text = document.createElement("span");
    text.className = "chip-text";
    const count = document.createElement("b");
    count.textContent = counts.get(group.key);
    text.append(`${group.label} `, count);
    button.append(text);
    return button;
  }));
}

// --- filters dim, never hide

const inBuilding = (cell) => !state.building || cell.closest("[data-building]").dataset.building === state.building;

function tests() {
  const form = new FormData(document.getElementById("board-filter-form"));
  const text = (name) => String(form.get(name) || "").trim();
  const number = (name) => (text(name) === "" || Number.isNaN(Number(text(name))) ? null : Number(text(name)));
  const found = [];
  const range = (key, low, high, scale = 1) => {
    if (low === null && high === null) return;
    found.push((cell) => cell.dataset[key] !== "" && (low === null || Number(cell.dataset[key]) >= low * scale) && (high === null || Number(cell.dataset[key]) <= high * scale));
  };
  if (text("l")) found.push((cell) => cell.dataset.l === text("l"));
  if (text("o")) found.push((cell) => cell.dataset.o === text("o"));
  range("a", number("a1"), number("a2"));
  range("p", number("p1"), number("p2"), WAN);
  range("f", number("f1"), number("f2"));
  document.getElementById("board-filter-count").textContent = found.length || "";
  if (state.legend.size) found.push((cell) => state.legend.has(grouping.of(cell)));
  return found;
}

function filter() {
  const wanted = tests();
  let shown = 0;
  let all = 0;
  for (const cell of cells()) {
    const fits = wanted.every((test) => test(cell));
    cell.classList.toggle("dim", !fits);
    if (inBuilding(cell)) {
      all += 1;
      if (fits) shown += 1;
    }
  }
  document.getElementById("board-count").textContent = wanted.length ? say("shown", { shown, all }) : "";
}

function showBuilding(id) {
  state.building = id;
  document.querySelectorAll("[data-building-tab]").forEach((tab) => {
    const chosen = tab.dataset.buildingTab === id;
    tab.classList.toggle("is-set", chosen);
    tab.setAttribute("aria-pressed", String(chosen));
  });
  board().querySelectorAll("[data-building]").forEach((one) => { one.hidden = Boolean(id) && one.dataset.building !== id; });
  legend();
  filter();
}

// --- the panel, and choosing several

function open(cell) {
  board().querySelectorAll(".is-open").forEach((one) => one.classList.remove("is-open"));
  cell.classList.add("is-open");
  window.htmx.ajax("GET", cell.getAttribute("href"), { target: "#panel-host", swap: "innerHTML" });
}

function picks() {
  const bar = document.getElementById("board-bulk");
  if (!bar) return;
  bar.hidden = !state.picking;
  bar.querySelector("[data-count]").textContent = state.picked.size;
  bar.querySelectorAll("[data-bulk]").forEach((button) => { button.disabled = !state.picked.size; });
  cells().forEach((cell) => cell.classList.toggle("is-picked", state.picked.has(cell.id)));
}

function bulk(address) {
  const ids = Array.from(state.picked, (id) => id.slice(1)).join(",");
  window.htmx.ajax("GET", `${address}?ids=${ids}`, { target: "#dialog-host", swap: "innerHTML" });
}

function clicked(event) {
  const cell = event.target.closest("#board a.cell");
  if (cell && !event.ctrlKey && !event.metaKey && event.button === 0) {
    event.preventDefault();
    if (state.picking) {
      if (!state.picked.delete(cell.id)) state.picked.add(cell.id);
      picks();
    } else open(cell);
    return;
  }
  const button = event.target.closest("[data-building-tab], [data-legend], [data-board-pick], [data-bulk], [data-bulk-clear]");
  if (!button) return;
  if (button.dataset.buildingTab !== undefined) showBuilding(button.dataset.buildingTab);
  else if (button.dataset.legend !== undefined) {
    if (!state.legend.delete(button.dataset.legend)) state.legend.add(button.dataset.legend);
    button.setAttribute("aria-pressed", String(state.legend.has(button.dataset.legend)));
    filter();
  } else if (button.dataset.boardPick !== undefined) {
    state.picking = !state.picking;
    if (!state.picking) state.picked.clear();
    button.setAttribute("aria-pressed", String(state.picking));
    picks();
  } else if (button.dataset.bulk) bulk(button.dataset.bulk);
  else {
    state.picked.clear();
    picks();
  }
}

// --- live: the event carries the new cell

const ATTRIBUTES = { layout: "l", gross_area: "a", list_total: "p", floor: "f", orientation: "o", available_since: "s", state_until: "u" };

function update(cell, fresh) {
  for (const [name, key] of Object.entries(ATTRIBUTES)) {
    if (name in fresh) cell.dataset[key] = fresh[name] === null ? "" : fresh[name];
  }
  if ("locks" in fresh) cell.toggleAttribute("data-locked", fresh.locks.length > 0);
  if ("state" in fresh) {
    cell.dataset.state = fresh.state;
    cell.querySelector("i").textContent = settings.states[fresh.state] || fresh.state;
  }
  const [kind, price] = cell.querySelectorAll("small");
  if ("layout" in fresh || "gross_area" in fresh) kind.textContent = `${settings.layouts[cell.dataset.l] || ""} ${cell.dataset.a}`;
  if ("list_total" in fresh) price.textContent = cell.dataset.p ? `${(Number(cell.dataset.p) / WAN).toFixed(1)}${settings.words.wan}` : "";
  cell.classList.add("just-changed");
  window.setTimeout(() => cell.classList.remove("just-changed"), 1700);
}

let repaint = 0;
function changed(event) {
  const { id, cell: fresh } = event.detail;
  const cell = document.getElementById(`u${id}`);
  if (!cell || !fresh) {
    reload(event);
    return;
  }
  update(cell, fresh);
  const panel = document.querySelector(`.unit-panel[data-unit="${id}"]`);
  // What somebody is typing is not taken away; the next answer of the server says what changed.
  if (panel && !panel.contains(document.activeElement) && !panel.querySelector("[data-dirty]")) window.htmx.trigger(panel.querySelector("[data-refresh]"), "unit:stale");
  window.clearTimeout(repaint);
  repaint = window.setTimeout(refreshMarks, 50);
}

function refreshMarks() {
  paint();
  filter();
  picks();
}

// All open boards hear of a large change at the same time: the server says over how many seconds they spread.
const SPREAD = 2;
let reloading = 0;
function reload(event) {
  const spread = event && event.detail && event.detail.spread !== undefined ? event.detail.spread : SPREAD;
  window.clearTimeout(reloading);
  reloading = window.setTimeout(async () => {
    const answer = await fetch(settings.grid_url, { credentials: "same-origin", headers: { "HX-Request": "true" } });
    if (!answer.ok) return;
    board().innerHTML = await answer.text();
    showBuilding(state.building);
    refreshMarks();
  }, 400 + Math.random() * spread * 1000);
}

if (settings) {
  document.addEventListener("DOMContentLoaded", () => {
    if (!board()) return;
    const by = document.getElementById("board-by");
    by.addEventListener("change", () => {
      state.by = by.value;
      state.legend.clear();
      refreshMarks();
    });
    const form = document.getElementById("board-filter-form");
    form.addEventListener("input", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => window.setTimeout(filter));
    document.addEventListener("click", clicked);
    document.addEventListener("units:changed", changed);
    document.addEventListener("price-lists:changed", reload);
    document.addEventListener("live:lost", reload);
    document.addEventListener("live:reconnected", reload);
    if (window.matchMedia("(min-width: 769px)").matches) document.getElementById("board-filter").open = true;
    const first = document.querySelector("[data-building-tab]:not([data-building-tab=''])");
    paint();
    const asked = new URLSearchParams(window.location.search).get("building");
    if (asked) showBuilding(asked);
    else if (first && window.matchMedia("(max-width: 768px)").matches) showBuilding(first.dataset.buildingTab);
  });
}
