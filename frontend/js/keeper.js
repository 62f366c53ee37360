// Forms: one submit per click, nothing typed gets lost. A form that met an expired sign-in is kept in this
// tab (for the same user, half an hour, without passwords, files and [data-sensitive] fields) and filled again.
import { all, element, newKey, onContent, session, setting, store, text } from "./page.js";

const SAVED = "kept-form";
const HALF_HOUR = 30 * 60 * 1000;
const NEVER = 'input[type="password"], input[type="file"], input[type="hidden"], [data-sensitive], [autocomplete="one-time-code"]';

// Attributes, not properties: a field called "method" or "id" hides the form's property of that name.
const formId = (form) => form.getAttribute("id") || form.getAttribute("hx-post") || form.getAttribute("action") || "form";

/** What the user typed into `form`, as [name, value] pairs, secrets left out. */
export function typedValues(form) {
  const pairs = [];
  for (const field of form.elements) {
    if (!field.name || field.disabled || field.matches(NEVER) || field.type === "submit") continue;
    if ((field.type === "checkbox" || field.type === "radio") && !field.checked) continue;
    if (field.tagName === "SELECT") {
      for (const option of field.selectedOptions) pairs.push([field.name, option.value, option.textContent]);
    } else pairs.push([field.name, field.value]);
  }
  return pairs;
}

/** Puts `pairs` back into `form`; options that a remote picker had loaded are added again. */
export function fill(form, pairs) {
  const byName = new Map();
  for (const [name, ...rest] of pairs) byName.set(name, [...(byName.get(name) || []), rest]);
  for (const field of form.elements) {
    if (!field.name || field.matches(NEVER) || field.type === "submit") continue;
    const values = byName.get(field.name);
    if (field.type === "checkbox" || field.type === "radio") field.checked = Boolean(values && values.some(([value]) => value === field.value));
    else if (values && field.tagName === "SELECT") fillSelect(field, values);
    else if (values && values.length) field.value = values.shift()[0];
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
  form.dataset.dirty = "1";
}

function fillSelect(field, values) {
  for (const [value, label] of values) {
    if (field.tomselect) {
      field.tomselect.addOption({ value, text: label, id: value, label });
      field.tomselect.addItem(value, true);
    } else {
      for (const option of field.options) if (option.value === value) option.selected = true;
    }
  }
}

/** The overlay that holds `form` and the address it was loaded from, to open it again. */
function overlayOf(form) {
  const host = form.closest("#dialog-host, #panel-host");
  return { host: host && `#${host.id}`, opened: host && host.dataset.openedBy };
}
document.addEventListener("htmx:afterSwap", (event) => {
  const { target, requestConfig } = event.detail;
  if (target.matches("#dialog-host, #panel-host") && requestConfig.verb === "get") target.dataset.openedBy = requestConfig.path;
});

function save(form) {
  store.set(session, SAVED, {
    user: setting("user"),
    path: window.location.pathname + window.location.search,
    form: formId(form),
    ...overlayOf(form),
    at: Date.now(),
    signIn: false,
    pairs: typedValues(form),
  });
}

/** Keeps `form` and goes to the sign-in page; afterwards the user is back on this page. */
export function keepForSignIn(form) {
  if (form) {
    save(form);
    const kept = store.get(session, SAVED);
    if (kept) store.set(session, SAVED, { ...kept, signIn: true });
  }
  const here = window.location.pathname + window.location.search;
  leaving = true;
  window.location.assign(`${setting("login_url")}?next=${encodeURIComponent(here)}`);
}

function onSignInPage() {
  return window.location.pathname.startsWith(setting("login_url") || "//");
}

function restore(root) {
  const kept = store.get(session, SAVED);
  if (!kept) return;
  if (onSignInPage()) {
    store.set(session, SAVED, { ...kept, signIn: true });
    // A plain POST was sent to another address than its page: go back to the page.
    const next = document.querySelector('input[name="next"]');
    if (next) next.value = kept.path;
    return;
  }
  const stale = Date.now() - kept.at > HALF_HOUR || (setting("user") && String(kept.user) !== String(setting("user")));
  if (stale || !kept.signIn) {
    if (setting("user")) store.drop(session, SAVED);
    return;
  }
  if (kept.path !== window.location.pathname + window.location.search) return;
  if (kept.opened && window.htmx && root === document) {
    window.htmx.ajax("GET", kept.opened, { target: kept.host, swap: "innerHTML" });
    return;
  }
  const names = kept.pairs.map(([name]) => name);
  const shared = (form) => names.filter((name) => form.elements.namedItem(name)).length;
  const same = all(root, "form").filter((candidate) => formId(candidate) === kept.form);
  // Several forms may post to their own page: the one that shares most fields is meant.
  const form = same.sort((a, b) => shared(b) - shared(a))[0];
  if (!form) return;
  store.drop(session, SAVED);
  // Pickers start on the same event: fill after them.
  window.setTimeout(() => {
    fill(form, kept.pairs);
    const note = element("div", { class: "callout", role: "status" }, element("p", {}, text("form_restored")));
    form.prepend(note);
  });
}
onContent(restore);

// One submit per click. htmx forms: the same, and a second submit is refused while the first is under way.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sending) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  const usesHtmx = form.matches("[hx-post], [hx-put], [hx-patch], [hx-delete], [hx-get], [data-hx-post]");
  const method = (form.getAttribute("method") || "get").toLowerCase();
  if (event.defaultPrevented || usesHtmx || method !== "post") return;
  if (!onSignInPage()) save(form);
  let key = form.querySelector('input[name="idempotency_key"]');
  if (!key) {
    key = element("input", { type: "hidden", name: "idempotency_key" });
    form.append(key);
  }
  if (!key.value) key.value = newKey();
  form.dataset.sending = "1";
  leaving = true;
  window.setTimeout(() => delete form.dataset.sending, 8000);
}, true);

// A quiet request (the preview of a form's consequences) neither holds up the form nor counts as its submit.
const busyForm = (event) => (event.detail.elt.closest("[data-quiet]") ? null : event.detail.elt.closest("form"));
document.addEventListener("htmx:beforeRequest", (event) => {
  const form = busyForm(event);
  if (!form || event.detail.requestConfig.verb === "get") return;
  if (form.dataset.sending) {
    event.preventDefault();
    return;
  }
  form.dataset.sending = "1";
  form.setAttribute("aria-busy", "true");
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = busyForm(event);
  if (!form) return;
  delete form.dataset.sending;
  form.removeAttribute("aria-busy");
  if (event.detail.successful && event.detail.requestConfig.verb !== "get") delete form.dataset.dirty;
});

// Coming back with the browser's back button shows the old page: it may be sent again, with a new key.
window.addEventListener("pageshow", (event) => {
  leaving = false;
  if (!event.persisted) return;
  document.querySelectorAll("form[data-sending]").forEach((form) => delete form.dataset.sending);
  document.querySelectorAll('input[name="idempotency_key"]').forEach((input) => { input.value = ""; });
});

// Leaving a form that was typed into asks first. Filters and searches don't count.
let leaving = false;
// A picker tells of a choice by "change" alone.
for (const kind of ["input", "change"]) {
  document.addEventListener(kind, (event) => {
    const form = event.target.closest && event.target.closest('form[data-keep], form[method="post"], form[hx-post]');
    if (form && !form.matches("[data-free]")) form.dataset.dirty = "1";
  });
}
window.addEventListener("beforeunload", (event) => {
  const dirty = document.querySelector("form[data-dirty]");
  if (!dirty || leaving || onSignInPage()) return;
  event.preventDefault();
  event.returnValue = "";
});
