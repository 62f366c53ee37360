// Keyboard: Ctrl+Enter saves, Esc closes, "/" searches the list, arrows walk rows and cells of [data-grid-nav].
import { closePanel } from "./overlays.js";

const isTyping = (node) => node.matches && node.matches('input, textarea, select, [contenteditable="true"]');

function saveForm(node) {
  const form = node.closest("form") || document.querySelector("dialog[open] form, #panel:not([hidden]) form");
  if (!form) return false;
  const button = form.querySelector("button[data-primary], button.btn-primary:not([type=button])");
  if (form.requestSubmit) form.requestSubmit(button && button.form === form ? button : undefined);
  else if (button) button.click();
  return true;
}

const places = (grid) => Array.from(grid.querySelectorAll(grid.dataset.gridNav || "[data-nav]")).filter((one) => one.offsetParent);

/** The neighbour of `from` in the direction of `key`: next in line, or nearest in the next row. */
function neighbour(grid, from, key) {
  const everything = places(grid);
  const index = everything.indexOf(from);
  if (index < 0) return everything[0];
  const rowsOnly = from.tagName === "TR";
  if (key === "ArrowRight" || (rowsOnly && key === "ArrowDown")) return everything[index + 1];
  if (key === "ArrowLeft" || (rowsOnly && key === "ArrowUp")) return everything[index - 1];
  const here = from.getBoundingClientRect();
  const down = key === "ArrowDown";
  const candidates = everything
    .map((one) => ({ one, box: one.getBoundingClientRect() }))
    .filter(({ box }) => (down ? box.top >= here.bottom - 1 : box.bottom <= here.top + 1));
  candidates.sort((a, b) => Math.abs(a.box.top - here.top) - Math.abs(b.box.top - here.top)
    || Math.abs(a.box.left - here.left) - Math.abs(b.box.left - here.left));
  return candidates.length ? candidates[0].one : undefined;
}

function walk(event) {
  const grid = event.target.closest("[data-grid-nav]");
  if (!grid || isTyping(event.target) || !event.key.startsWith("Arrow")) return;
  const from = event.target.closest(grid.dataset.gridNav || "[data-nav]");
  const next = neighbour(grid, from, event.key);
  if (!next && event.key === "ArrowDown") {
    const more = grid.closest(".table-box") && grid.closest(".table-box").querySelector("[data-more]");
    if (more) more.click();
  }
  if (!next) return;
  event.preventDefault();
  next.tabIndex = 0;
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest", inline: "nearest" });
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
    if (saveForm(event.target)) event.preventDefault();
  } else if (event.key === "Escape" && !document.querySelector("dialog[open]")) {
    closePanel();
  } else if (event.key === "/" && !isTyping(event.target)) {
    const search = document.querySelector("[data-list-search]");
    if (search) {
      event.preventDefault();
      search.focus();
    }
  } else if (event.key === "Enter" && event.target.matches(ROW)) {
    openRow(event.target);
  } else walk(event);
});

// A row opens in the side panel where it has one, else as a page. Links, buttons and fields in it stay themselves.
const ROW = "tr[data-href], .kanban-card[data-href], .calendar-item[data-href]";
function openRow(row) {
  document.querySelectorAll(".is-open[data-href]").forEach((one) => one.classList.remove("is-open"));
  if (row.dataset.panel && window.matchMedia("(min-width: 769px)").matches) {
    row.classList.add("is-open");
    window.htmx.ajax("GET", row.dataset.panel, { target: "#panel-host", swap: "innerHTML" });
  } else window.location.assign(row.dataset.href);
}
document.addEventListener("click", (event) => {
  const row = event.target.closest(ROW);
  if (!row || event.target.closest("a:not(.row-link, .calendar-item), button, input, label, select") || event.defaultPrevented) return;
  if (event.metaKey || event.ctrlKey) {
    if (!event.target.closest("a")) window.open(row.dataset.href, "_blank", "noopener");
    return;
  }
  event.preventDefault();
  openRow(row);
});

// The phone's bottom bar leaves while its keyboard is up.
const types = (node) => Boolean(node && isTyping(node) && !node.matches("[type=checkbox], [type=radio]"));
const TAP = 400; // a touch moves the focus after the finger has left, and its click comes last
let tap = 0;
function settle() {
  tap = 0;
  document.body.classList.toggle("typing", types(document.activeElement));
}
// While a tap is under way nothing may move: the button below the finger would slip away from its click.
document.addEventListener("pointerdown", () => {
  window.clearTimeout(tap);
  tap = window.setTimeout(settle, 3 * TAP);
}, true);
["pointerup", "pointercancel"].forEach((name) => document.addEventListener(name, () => {
  window.clearTimeout(tap);
  tap = window.setTimeout(settle, TAP);
}, true));
document.addEventListener("focusin", (event) => {
  if (types(event.target)) document.body.classList.add("typing");
  else if (!tap) settle();
});
document.addEventListener("focusout", () => { if (!tap) document.body.classList.remove("typing"); });
