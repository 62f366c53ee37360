// ⌘K / Ctrl-K: any record, any command. The server answers
// {"groups": [{"label", "items": [{"label", "hint", "icon", "url", "dialog": bool}]}]}.
import { element, icon, setting, text } from "./page.js";
import { keepForSignIn } from "./keeper.js";
import { closeDialog, openDialog, toast } from "./overlays.js";

let asked = 0;
let timer = 0;
const dialog = () => document.getElementById("palette");
const input = () => document.getElementById("palette-input");
const list = () => document.getElementById("palette-list");

export function openPalette() {
  if (!dialog() || dialog().open) return;
  openDialog(dialog());
  input().value = "";
  input().focus();
  ask("");
}

async function ask(query) {
  asked += 1;
  const mine = asked;
  try {
    const url = new URL(setting("palette_url"), window.location.href);
    url.searchParams.set("q", query);
    const answer = await fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" } });
    if (mine !== asked) return undefined; // a later question was answered first
    if (answer.status === 401) return keepForSignIn(null);
    if (!answer.ok) throw new Error(String(answer.status));
    return show((await answer.json()).groups, query);
  } catch (error) {
    if (mine === asked && dialog().open) toast(text("no_connection"), "red");
  }
  return undefined;
}

function show(groups, query) {
  const nodes = [];
  let count = 0;
  for (const group of groups) {
    if (!group.items.length) continue;
    nodes.push(element("div", { class: "palette-group", role: "presentation" }, group.label));
    for (const item of group.items) {
      nodes.push(row(item, count));
      count += 1;
    }
  }
  if (!nodes.length) nodes.push(element("div", { class: "palette-group" }, query ? text("nothing_found") : text("palette_hint")));
  list().replaceChildren(...nodes);
  select(0);
}

function row(item, index) {
  const link = element("a", { class: "palette-item", role: "option", id: `palette-${index}`, href: item.url, tabindex: "-1" },
    icon(item.icon || "file"), element("span", {}, item.label), element("span", { class: "hint" }, item.hint || ""));
  if (item.dialog) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      closeDialog(dialog());
      window.htmx.ajax("GET", item.url, { target: "#dialog-host", swap: "innerHTML" });
    });
  }
  return link;
}

const items = () => Array.from(list().querySelectorAll('[role="option"]'));
function select(index) {
  const rows = items();
  if (!rows.length) return;
  const chosen = rows[(index + rows.length) % rows.length];
  rows.forEach((one) => one.setAttribute("aria-selected", one === chosen));
  input().setAttribute("aria-activedescendant", chosen.id);
  chosen.scrollIntoView({ block: "nearest" });
}

function onKey(event) {
  if (event.isComposing) return;
  const rows = items();
  const current = rows.findIndex((one) => one.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    select(current + (event.key === "ArrowDown" ? 1 : -1));
  } else if (event.key === "Enter" && rows[current]) {
    event.preventDefault();
    rows[current].click();
  }
}

document.addEventListener("keydown", (event) => {
  if ((event.metaKey || event.ctrlKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openPalette();
  }
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-open-palette]")) openPalette();
});
document.addEventListener("DOMContentLoaded", () => {
  if (!input()) return;
  input().addEventListener("keydown", onKey);
  input().addEventListener("typed", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => ask(input().value.trim()), 150);
  });
});
