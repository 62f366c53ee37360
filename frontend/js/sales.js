// The sales screens: unit board, deal desk, cashier, loan calculator. Loaded by these pages only.
import "./board.js";

// --- clocks that run out: <span class="countdown" data-until="…">

function tick() {
  document.querySelectorAll(".countdown[data-until]").forEach((one) => {
    const minutes = Math.ceil((Date.parse(one.dataset.until) - Date.now()) / 60000);
    if (Number.isNaN(minutes)) return;
    one.title = one.title || one.textContent.trim();
    one.textContent = minutes > 0 ? one.dataset.left.replace("{minutes}", minutes) : one.dataset.over;
    one.classList.toggle("is-late", minutes <= 10);
  });
}
window.setInterval(tick, 15000);
document.addEventListener("DOMContentLoaded", tick);
document.addEventListener("htmx:load", tick);

// --- the quote of what stands in the form, in a window of its own; numbers of buyers don't travel along

const LEAVE_OUT = /^(buyers-|csrfmiddlewaretoken|idempotency_key|new_phone)/;
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-print-offer]");
  if (!button) return;
  const pairs = [...new FormData(button.closest("form"))].filter(([name, value]) => !LEAVE_OUT.test(name) && value !== "");
  window.open(`${button.dataset.printOffer}?${new URLSearchParams(pairs)}`, "_blank", "noopener");
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});
// Enter in a price form asks for the price; it must not open the quote.
document.addEventListener("submit", (event) => {
  if (event.target.matches(".price-form")) event.preventDefault();
});

// --- deal desk: the customer is the first buyer unless somebody else is named

document.addEventListener("change", (event) => {
  if (!event.target.matches(".deal-form select[name=customer], .deal-form input[name=new_name]")) return;
  const name = document.querySelector(".deal-form [name='buyers-0-name']");
  if (!name || (name.value && name.value !== name.dataset.given)) return;
  const chosen = event.target.selectedOptions ? event.target.selectedOptions[0] : null;
  name.value = chosen ? chosen.textContent.trim() : event.target.value;
  name.dataset.given = name.value;
});

// A refused form shows its first mistake.
document.addEventListener("htmx:afterSettle", (event) => {
  const { xhr, target } = event.detail;
  if (!xhr || xhr.status !== 422) return;
  const host = document.getElementById(target.id) || target;
  // The callout above a form names no place: the first wrong field goes before it.
  const first = host.querySelector("[aria-invalid='true'], .field-error") || host.querySelector(".callout[role=alert]");
  if (!first) return;
  const fold = first.closest("details");
  if (fold) fold.open = true;
  first.scrollIntoView({ block: "center" });
  if (first.focus) first.focus({ preventScroll: true });
});

// --- day close: counted against booked, in cents

function differences(form) {
  form.querySelectorAll("tr").forEach((row) => {
    const input = row.querySelector("[data-counted]");
    if (!input) return;
    const cents = (text) => Math.round(Number(text.replace(/[,\s，]/g, "") || 0) * 100);
    const off = cents(input.value) - cents(row.querySelector("[data-booked]").dataset.booked);
    const cell = row.querySelector("[data-difference]");
    cell.textContent = (off / 100).toFixed(2);
    cell.classList.toggle("late", off !== 0);
  });
}
document.addEventListener("input", (event) => {
  const form = event.target.closest("[data-count-form]");
  if (form) differences(form);
});
document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("[data-count-form]").forEach(differences));
