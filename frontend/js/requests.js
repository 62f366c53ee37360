// htmx: which answers are put into the page, what every request carries, what a failed one says.
import htmx from "htmx.org";
import { csrfToken, newKey, setting, text } from "./page.js";
import { toast } from "./overlays.js";
import { keepForSignIn } from "./keeper.js";

window.htmx = htmx;
htmx.config.allowEval = false;
htmx.config.allowScriptTags = false;
htmx.config.includeIndicatorStyles = false;
htmx.config.historyCacheSize = 0; // pages hold personal data: nothing of them stays in the browser
htmx.config.refreshOnHistoryMiss = true;
htmx.config.attributesToSettle = ["class", "width", "height"]; // not "style": the Content-Security-Policy forbids setting it
htmx.config.scrollBehavior = "auto";
htmx.config.timeout = 60000;
htmx.config.responseHandling = [
  { code: "204", swap: false },
  { code: "[23]..", swap: true },
  { code: "(409|422)", swap: true, error: false },
  { code: "[45]..", swap: false, error: true },
];

const WRITES = new Set(["post", "put", "patch", "delete"]);
const KEY = "idempotencyKey";

/** The key of the next submit of `form`: one per intent, the same again when no answer came. */
export function submitKey(form) {
  if (!form.dataset[KEY]) form.dataset[KEY] = newKey();
  return form.dataset[KEY];
}

export function forgetKey(form) {
  delete form.dataset[KEY];
}

document.addEventListener("htmx:configRequest", (event) => {
  const { verb, elt, headers } = event.detail;
  if (!WRITES.has(verb)) return;
  headers["X-CSRFToken"] = csrfToken();
  if (elt.closest("[data-quiet]")) return;
  headers["Idempotency-Key"] = submitKey(elt.closest("form") || elt);
});

document.addEventListener("htmx:afterRequest", (event) => {
  const { elt, xhr, requestConfig } = event.detail;
  // Any answer below 500 is final: the next submit is a new intent. Silence and server faults keep the key.
  if (requestConfig && WRITES.has(requestConfig.verb) && !elt.closest("[data-quiet]") && xhr && xhr.status && xhr.status < 500) {
    forgetKey(elt.closest("form") || elt);
  }
});

function isSignInPage(xhr) {
  const login = setting("login_url");
  return Boolean(login && xhr.responseURL && new URL(xhr.responseURL).pathname.startsWith(login));
}

document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, requestConfig } = event.detail;
  if (window.location.pathname.startsWith(setting("login_url") || "//")) return;
  if (xhr.status === 401 || isSignInPage(xhr)) {
    event.detail.shouldSwap = false;
    event.detail.isError = false;
    keepForSignIn(requestConfig.elt.closest("form"));
  } else if (event.detail.target.matches("#panel-host, #dialog-host") && /^\s*<!doctype/i.test(event.detail.serverResponse)) {
    // A whole page where a fragment was expected: go there instead of showing a shell inside the shell.
    event.detail.shouldSwap = false;
    window.location.assign(requestConfig.path);
  }
});

document.addEventListener("htmx:responseError", (event) => {
  const { xhr } = event.detail;
  if (xhr.status === 401) return;
  if (xhr.getResponseHeader("HX-Trigger")) return; // the answer says why itself
  const known = { 403: "forbidden", 404: "gone", 413: "too_large", 429: "slow_down" };
  toast(text(known[xhr.status] || "server_error"), "red", xhr.getResponseHeader("X-Support-Code"));
});
document.addEventListener("htmx:sendError", (event) => {
  const form = event.detail.elt.closest("form[data-offline]");
  if (!form) toast(text("no_connection"), "red");
});
document.addEventListener("htmx:timeout", () => toast(text("no_answer"), "red"));

// A background refresh must not light the loading bar.
let waiting = 0;
const counts = (event) => !event.detail.elt.closest("[data-quiet]");
document.addEventListener("htmx:beforeRequest", (event) => {
  if (!counts(event)) return;
  waiting += 1;
  document.body.classList.add("htmx-busy");
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (!counts(event)) return;
  waiting = Math.max(0, waiting - 1);
  if (!waiting) document.body.classList.remove("htmx-busy");
});

// `input` fires in the middle of typing pinyin: listeners on "typed" hear whole words only.
let composing = false;
document.addEventListener("compositionstart", () => { composing = true; });
document.addEventListener("compositionend", (event) => {
  composing = false;
  event.target.dispatchEvent(new CustomEvent("typed", { bubbles: true }));
});
document.addEventListener("input", (event) => {
  if (!composing && !event.isComposing) event.target.dispatchEvent(new CustomEvent("typed", { bubbles: true }));
});

export default htmx;
