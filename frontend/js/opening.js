// The buyer's page of an opening, and the manager's live board: both draw the units of #units and follow the stream.
// The clock is the server's: every message tells its time. One tap on "choose" is one attempt with one key; when no
// answer comes, the same key is asked again, so that a tap never counts twice.
const read = (id) => JSON.parse(document.getElementById(id).textContent);
const units = read("units");
const settings = read("opening-settings");
const words = read("opening-words");
const byId = new Map(units.map((unit) => [unit.id, unit]));
const favourites = new Set(settings.favourites || []);
const one = (selector) => document.querySelector(selector);
const say = (text, values) => text.replace(/\{(\w+)\}/g, (_all, name) => values[name] ?? "");
const PAUSES = [300, 700, 1500, 3000, 5000, 8000, 8000];

let head = { state: settings.state, starts: settings.starts, ends: settings.ends };
let taken = { ...settings.taken };
let mine = {};
let offset = 0;
let shown = null;
let tab = "";
let asking = false;
let seen = null;
let was = "";

const now = () => Date.now() + offset;

function span(ms) {
  const left = Math.max(0, Math.ceil(ms / 1000));
  const parts = [Math.floor(left / 60) % 60, left % 60].map((n) => String(n).padStart(2, "0"));
  return left >= 3600 ? `${Math.floor(left / 3600)}:${parts.join(":")}` : parts.join(":");
}

function phase() {
  if (head.state !== "open") return head.state;
  if (now() < Math.max(head.starts, settings.starts || 0)) return "waiting";
  return now() < head.ends ? "open" : "ended";
}

const over = () => ["closed", "ended"].includes(phase());
const choosing = () => ["open", "rehearsal"].includes(phase());

// --- drawing -----------------------------------------------------------------------------------

function toneOf(unit) {
  if (mine[unit.id]) return "green";
  if (taken[unit.id]) return "slate";
  return over() ? "grey" : "blue";
}

function wordOf(unit) {
  if (mine[unit.id]) return mine[unit.id].state === "confirmed" ? words.confirmed : words.mine;
  if (taken[unit.id]) return words.taken;
  return over() ? words.left : words.free;
}

function dress(cell, unit) {
  cell.dataset.tone = toneOf(unit);
  cell.classList.toggle("is-favourite", favourites.has(unit.id));
  cell.lastElementChild.textContent = wordOf(unit);
}

function cellOf(unit) {
  const cell = document.createElement("button");
  cell.type = "button";
  cell.className = "choosing-unit";
  cell.dataset.unit = unit.id;
  const name = document.createElement("b");
  name.textContent = unit.code;
  const facts = document.createElement("span");
  facts.textContent = `${unit.area} ㎡ `;
  const state = document.createElement("span");
  cell.append(name, facts, state);
  dress(cell, unit);
  return cell;
}

function draw() {
  const host = one("[data-units]");
  host.textContent = "";
  const wanted = units.filter((unit) => tab === "" || (tab === "*" ? favourites.has(unit.id) : unit.building === tab));
  let grid = null;
  let last = null;
  for (const unit of wanted) {
    if (unit.building !== last) {
      last = unit.building;
      const title = document.createElement("h2");
      title.textContent = last;
      grid = document.createElement("div");
      grid.className = "choosing-grid";
      host.append(title, grid);
    }
    grid.append(cellOf(unit));
  }
  if (!wanted.length) host.textContent = words.no_favourites;
}

function refresh(ids) {
  for (const id of ids) {
    const cell = one(`[data-unit="${id}"]`);
    if (cell) dress(cell, byId.get(Number(id)));
  }
  drawMine();
  drawSheet();
}

function tick() {
  const word = one("[data-state-word]");
  const at = phase();
  if (at !== was) for (const cell of document.querySelectorAll("[data-unit]")) dress(cell, byId.get(Number(cell.dataset.unit)));
  was = at;
  word.textContent = words[at] || "";
  const until = { waiting: Math.max(head.starts, settings.starts || 0), ready: settings.starts || head.starts, open: head.ends }[at];
  one("[data-clock]").textContent = until ? span(until - now()) : "";
  for (const clock of document.querySelectorAll("[data-confirm-by]")) {
    clock.textContent = say(words.confirm_until, { time: span(Number(clock.dataset.confirmBy) - now()) });
  }
  const choose = one("[data-choose]");
  if (choose && shown) choose.disabled = asking || !choosing() || Boolean(taken[shown.id]);
}

function drawMine() {
  const host = one("[data-mine]");
  if (!host) return;
  host.textContent = "";
  for (const [id, claim] of Object.entries(mine)) {
    const box = document.createElement("div");
    box.className = "choosing-mine";
    box.dataset.mineUnit = id;
    const text = document.createElement("div");
    const name = document.createElement("b");
    name.textContent = byId.get(Number(id))?.label || id;
    const note = document.createElement("div");
    text.append(name, note);
    box.append(text);
    if (claim.state === "won") {
      note.dataset.confirmBy = claim.confirm_by;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn btn-primary";
      button.dataset.confirm = id;
      button.textContent = words.confirm;
      box.append(button);
    } else note.textContent = words.done;
    host.append(box);
  }
  tick();
}

function drawSheet() {
  const sheet = one("[data-sheet]");
  if (!sheet) return;
  sheet.hidden = !shown;
  if (!shown) return;
  one("[data-sheet-name]").textContent = `${shown.label} · ${wordOf(shown)}`;
  const facts = one("template[data-facts]").content.cloneNode(true);
  for (const place of facts.querySelectorAll("[data-fact]")) place.textContent = shown[place.dataset.fact] || "–";
  one("[data-sheet-facts]").replaceChildren(facts);
  one("[data-favour]").textContent = favourites.has(shown.id) ? words.unfavour : words.favour;
  tick();
}

function tell(text, tone) {
  const said = one("[data-said]");
  said.hidden = !text;
  said.dataset.tone = tone;
  said.textContent = text;
}

// --- choosing ----------------------------------------------------------------------------------

const newKey = () => [...crypto.getRandomValues(new Uint8Array(12))].map((n) => n.toString(16).padStart(2, "0")).join("");
const pause = (ms) => new Promise((done) => window.setTimeout(done, ms));

async function ask(unit, key) {
  for (const wait of PAUSES) {
    try {
      const answer = await fetch(settings.claim_url + unit.id, {
        method: "POST", headers: { Authorization: `Bearer ${settings.pass}`, "Idempotency-Key": key },
      });
      if (answer.status !== 503 && answer.status !== 429) return await answer.json();
    } catch {
      // No connection, or it broke: the key makes asking again harmless.
    }
    tell(words.again, "amber");
    await pause(wait);
  }
  return null;
}

async function choose() {
  if (asking || !shown || !choosing()) return;
  const unit = shown;
  asking = true;
  tell(words.asking, "blue");
  tick();
  const answer = await ask(unit, newKey());
  asking = false;
  if (!answer) tell(words.failed, "red");
  else if (answer.result === "won") {
    tell(say(words.won, { unit: unit.label }), "green");
    shown = null;
  } else {
    if (answer.result === "taken") taken[unit.id] = taken[unit.id] || "won";
    tell(say(words[`result_${answer.result || answer.code}`] || words.failed, { unit: unit.label }), "red");
  }
  refresh([unit.id]);
}

async function send(url, options) {
  const token = one("meta[name=csrf-token]").content;
  return fetch(url, { method: "POST", credentials: "same-origin", ...options, headers: { "X-CSRFToken": token, ...options.headers } });
}

async function confirmUnit(id) {
  const answer = await send(settings.confirm_url, { body: new URLSearchParams({ unit: id }) });
  if (answer.ok) mine[id] = { ...mine[id], state: "confirmed" };
  else tell(say(words.lost, { unit: byId.get(Number(id))?.label }), "red");
  refresh([id]);
}

async function favour() {
  if (favourites.has(shown.id)) favourites.delete(shown.id);
  else favourites.add(shown.id);
  refresh([shown.id]);
  await send(settings.favour_url, { body: JSON.stringify({ units: [...favourites] }), headers: { "Content-Type": "application/json" } });
}

function clicked(event) {
  const target = event.target.closest("button");
  if (!target) return;
  if (target.dataset.unit && !settings.board) {
    shown = byId.get(Number(target.dataset.unit));
    drawSheet();
  } else if (target.matches("[data-close]")) {
    shown = null;
    drawSheet();
  } else if (target.matches("[data-choose]")) choose();
  else if (target.matches("[data-favour]")) favour();
  else if (target.dataset.confirm) confirmUnit(target.dataset.confirm);
  else if (target.dataset.tab !== undefined) {
    tab = target.dataset.tab;
    for (const chip of document.querySelectorAll("[data-tab]")) {
      chip.classList.toggle("is-set", chip === target);
      chip.setAttribute("aria-pressed", String(chip === target));
    }
    draw();
  }
}

// --- the stream --------------------------------------------------------------------------------

function count() {
  const states = Object.values(taken);
  one('[data-count="taken"]').textContent = states.length;
  one('[data-count="confirmed"]').textContent = states.filter((state) => state === "confirmed").length;
  one('[data-count="attempts"]').textContent = head.attempts;
  if (seen && head.now > seen.now) {
    const rate = Math.round(((head.attempts - seen.attempts) * 1000) / (head.now - seen.now));
    one("[data-rate]").textContent = say(words.rate, { n: rate });
  }
  if (!seen || head.now - seen.now > 1000) seen = { now: head.now, attempts: head.attempts };
}

function heard(event) {
  const message = JSON.parse(event.data);
  offset = message.now - Date.now();
  head = message;
  const before = { ...taken };
  if (message.all) taken = {};
  for (const [id, state] of Object.entries(message.units)) {
    if (state) taken[id] = state;
    else delete taken[id];
  }
  const had = mine;
  if (message.mine) mine = message.mine;
  else if (message.all) mine = {};
  for (const id of Object.keys(had)) {
    if (!mine[id]) tell(say(words.lost, { unit: byId.get(Number(id))?.label }), "red");
  }
  refresh(new Set([...Object.keys(before), ...Object.keys(taken), ...Object.keys(had)]));
  if (settings.board) count();
  document.body.dataset.live = head.state;
}

function listen() {
  const source = new EventSource(`${settings.events_url}?pass=${encodeURIComponent(settings.pass)}`);
  source.onmessage = heard;
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) window.setTimeout(listen, 2000 + Math.random() * 3000);
  };
}

const tabs = one("[data-tabs]");
if (tabs) {
  for (const building of [...new Set(units.map((unit) => unit.building))]) {
    const chip = document.createElement("button");
    chip.type = "button";
    chip.className = "filter-chip";
    chip.dataset.tab = building;
    chip.textContent = building;
    chip.setAttribute("aria-pressed", "false");
    tabs.append(chip);
  }
}
document.addEventListener("click", clicked);
draw();
tick();
window.setInterval(tick, 250);
listen();
