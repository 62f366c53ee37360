// Side panel, dialog, toast. A response put into #panel-host or #dialog-host opens its overlay;
// the events panel:close and dialog:close (also as HX-Trigger) close it.
import { element, icon, text } from "./page.js";

const byId = (id) => document.getElementById(id);
let opener = null;

/** Shows a line for a few seconds; red ones stay until closed. `code` is the support code of an error. */
export function toast(message, tone = "green", code = null) {
  const host = byId("toasts");
  if (!host) return;
  const body = element("div", { class: "toast-text" }, message);
  if (code) body.append(element("small", {}, `${text("support_code")} ${code}`));
  const item = element("div", { class: "toast-item", "data-tone": tone, role: tone === "red" ? "alert" : "status" }, body);
  host.append(item);
  while (host.children.length > 4) host.firstElementChild.remove();
  passing(item);
}

function passing(item) {
  const close = element("button", { type: "button", class: "icon-button", "aria-label": text("close") }, icon("x"));
  close.addEventListener("click", () => item.remove());
  item.append(close);
  if (item.dataset.tone !== "red") window.setTimeout(() => item.remove(), 5000);
}
// Those that came with the page.
document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("#toasts .toast-item").forEach(passing));

document.addEventListener("toast", (event) => {
  const { message, tone, code, value } = event.detail || {};
  toast(message || value, tone, code);
});

function openPanel() {
  const panel = byId("panel");
  if (panel.hidden) opener = document.activeElement;
  panel.hidden = false;
  const first = panel.querySelector("[autofocus], h2");
  if (first) {
    if (first.tagName === "H2") first.tabIndex = -1;
    first.focus();
  }
}

export function closePanel() {
  const panel = byId("panel");
  if (!panel || panel.hidden) return false;
  panel.hidden = true;
  byId("panel-host").replaceChildren();
  document.querySelectorAll("tr.is-open").forEach((row) => row.classList.remove("is-open"));
  if (opener && document.contains(opener)) opener.focus();
  return true;
}

export function openDialog(dialog) {
  if (dialog.open) return;
  if (dialog.showModal) dialog.showModal();
  else dialog.setAttribute("open", "");
  // On a phone the keyboard would cover the dialog: there the first tap opens it.
  const first = dialog.querySelector("[autofocus], .panel-body input:not([type=hidden]), .panel-body select, .panel-body textarea");
  if (first && window.matchMedia("(min-width: 769px)").matches) first.focus();
}

export function closeDialog(dialog = byId("dialog")) {
  if (!dialog || !dialog.open) return false;
  if (dialog.close) dialog.close();
  else dialog.removeAttribute("open");
  if (dialog.id === "dialog") byId("dialog-host").replaceChildren();
  return true;
}

document.addEventListener("htmx:afterSwap", (event) => {
  const target = event.detail.target;
  if (target.closest("#panel-host") && byId("panel-host").childElementCount) openPanel();
  if (target.closest("#dialog-host") && byId("dialog-host").childElementCount) openDialog(byId("dialog"));
});
document.addEventListener("panel:close", closePanel);
document.addEventListener("dialog:close", () => closeDialog());

document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-open-dialog], [data-close]");
  if (!target) {
    if (event.target.matches("dialog.dialog")) closeDialog(event.target);
    return;
  }
  if (target.dataset.openDialog) openDialog(byId(target.dataset.openDialog));
  else if (target.closest("dialog")) closeDialog(target.closest("dialog"));
  else closePanel();
});

// A native alert for what can't be undone: [data-confirm="…"] on a form's submit button or an htmx element.
document.addEventListener("htmx:confirm", (event) => {
  const question = event.detail.elt.dataset.confirm;
  if (!question) return;
  event.preventDefault();
  if (window.confirm(question)) event.detail.issueRequest(true);
});
