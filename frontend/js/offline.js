// Forms marked data-offline that are sent without a connection wait in this browser, with their key, and are
// sent once when it is back. A refused one stays, with the reason, until its user opens or drops it.
import { csrfToken, element, icon, newKey, onContent, setting, text } from "./page.js";
import { toast } from "./overlays.js";
import { fill, typedValues } from "./keeper.js";
import { submitKey } from "./requests.js";

const DATABASE = "anchang";
const DRAFTS = "drafts";

function open() {
  return new Promise((resolve, reject) => {
    const request = window.indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(DRAFTS, { keyPath: "key" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function run(mode, action) {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const request = action(database.transaction(DRAFTS, mode).objectStore(DRAFTS));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  } finally {
    database.close();
  }
}
const put = (draft) => run("readwrite", (drafts) => drafts.put(draft));
const drop = (key) => run("readwrite", (drafts) => drafts.delete(key));
const mine = async () => {
  const everything = await run("readonly", (drafts) => drafts.getAll());
  return everything.filter((draft) => String(draft.user) === String(setting("user"))).sort((a, b) => a.at - b.at);
};

const addressOf = (form) => form.getAttribute("hx-post") || form.getAttribute("action") || window.location.pathname;

async function keep(form) {
  const fields = Array.from(new FormData(form)).filter(([name, value]) => typeof value === "string" && name !== "csrfmiddlewaretoken");
  await put({
    key: submitKey(form),
    user: setting("user"),
    action: addressOf(form),
    page: window.location.pathname + window.location.search,
    title: form.dataset.offline || document.title,
    fields,
    shown: typedValues(form),
    at: Date.now(),
    refusal: null,
  });
  delete form.dataset.idempotencyKey;
  delete form.dataset.dirty;
  form.reset();
  toast(text("kept_offline"), "amber");
  await showDrafts();
}

async function send(draft) {
  const body = new URLSearchParams(draft.fields);
  const answer = await fetch(draft.action, {
    method: "POST",
    body,
    credentials: "same-origin",
    redirect: "manual",
    headers: { "Idempotency-Key": draft.key, "X-CSRFToken": csrfToken(), "HX-Request": "true", "X-Offline-Draft": "1" },
  });
  // A plain view answers success with a redirect, and so does an expired sign-in: ask which before dropping.
  if (answer.type === "opaqueredirect") return (await signedIn()) ? "sent" : "later";
  if (answer.ok) return "sent";
  if (answer.status === 401 || answer.status === 403 || answer.status === 429 || answer.status >= 500) return "later";
  return "refused";
}

async function signedIn() {
  const answer = await fetch(setting("palette_url") || "/", { redirect: "manual", headers: { "HX-Request": "true" } });
  return answer.ok;
}

let sending = false;
export async function sendDrafts() {
  if (sending || !navigator.onLine || !setting("user") || !window.indexedDB) return;
  sending = true;
  try {
    for (const draft of await mine()) {
      if (draft.refusal) continue;
      const result = await send(draft);
      if (result === "later") break;
      if (result === "sent") {
        await drop(draft.key);
        toast(text("draft_sent", { title: draft.title }));
      } else {
        await put({ ...draft, refusal: text("draft_refused") });
        toast(text("draft_refused_toast", { title: draft.title }), "red");
      }
    }
  } catch (error) {
    /* The connection went again: the drafts stay. */
  } finally {
    sending = false;
    await showDrafts();
  }
}

async function showDrafts() {
  const hosts = document.querySelectorAll("[data-offline-drafts]");
  if (!hosts.length) return;
  const drafts = await mine();
  hosts.forEach((host) => {
    host.hidden = !drafts.length;
    host.replaceChildren(...drafts.map(draftLine));
  });
}

function draftLine(draft) {
  const again = element("a", { class: "btn btn-sm", href: draft.page, "data-draft": draft.key }, text("open"));
  const remove = element("button", { type: "button", class: "icon-button", "aria-label": text("delete") }, icon("trash"));
  again.addEventListener("click", () => window.sessionStorage.setItem("open-draft", draft.key));
  remove.addEventListener("click", async () => {
    if (!window.confirm(text("delete_draft"))) return;
    await drop(draft.key);
    await showDrafts();
  });
  const state = element("span", { class: "chip", "data-tone": draft.refusal ? "red" : "amber" }, draft.refusal || text("waiting"));
  return element("div", { class: "job-line" }, element("span", { class: "job-name" }, draft.title), state, again, remove);
}

async function reopenDraft() {
  const key = window.sessionStorage.getItem("open-draft");
  if (!key) return;
  window.sessionStorage.removeItem("open-draft");
  const draft = (await mine()).find((candidate) => candidate.key === key);
  const form = draft && Array.from(document.querySelectorAll("form[data-offline]")).find((candidate) => addressOf(candidate) === draft.action);
  if (!form) return;
  fill(form, draft.shown);
  form.dataset.idempotencyKey = newKey();
  await drop(draft.key);
}

function offlineSubmit(event) {
  const form = event.target;
  if (!form.matches("form[data-offline]") || navigator.onLine || !window.indexedDB) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (form.reportValidity()) keep(form);
}
window.addEventListener("submit", offlineSubmit, true);
document.addEventListener("htmx:sendError", (event) => {
  const form = event.detail.elt.closest("form[data-offline]");
  if (form && window.indexedDB) keep(form);
});

function showConnection() {
  document.body.classList.toggle("is-offline", !navigator.onLine);
}
window.addEventListener("online", () => { showConnection(); sendDrafts(); });
window.addEventListener("offline", showConnection);
document.addEventListener("DOMContentLoaded", async () => {
  showConnection();
  if (!setting("user") || !window.indexedDB) return;
  try {
    await reopenDraft();
    await showDrafts();
    await sendDrafts();
  } catch (error) {
    /* No database in this browser (private window): forms work online. */
  }
});
onContent((root) => { if (root !== document && root.querySelector && root.querySelector("[data-offline-drafts]")) showDrafts(); });

if ("serviceWorker" in navigator && window.isSecureContext) {
  window.addEventListener("load", () => {
    const address = setting("worker_url");
    if (address) navigator.serviceWorker.register(address, { scope: "/" }).catch(() => {});
  });
}
document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-sign-out]") && navigator.serviceWorker && navigator.serviceWorker.controller) {
    navigator.serviceWorker.controller.postMessage("signed-out");
  }
});
