// What the page tells the scripts: words in the reader's language and a few settings, as JSON in the page.
function read(id) {
  const node = document.getElementById(id);
  return node ? JSON.parse(node.textContent) : {};
}

const words = read("ui-text");
const settings = read("ui-settings");

/** The word for `key` in the reader's language, with {name} placeholders filled. */
export function text(key, values = {}) {
  return (words[key] || key).replace(/\{(\w+)\}/g, (all, name) => (name in values ? values[name] : all));
}

/** A setting of the page: user, login_url, palette_url, offline_url, icons_url, scripts. */
export function setting(key) {
  return settings[key];
}

export function csrfToken() {
  const meta = document.querySelector('meta[name="csrf-token"]');
  return meta ? meta.content : "";
}

export function newKey() {
  if (window.crypto && crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${setting("icons_url")}#${name}`);
  svg.append(use);
  return svg;
}

export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/** Storage that private windows and locked-down browsers may refuse. */
export const store = {
  get(area, key) {
    try {
      return JSON.parse(area().getItem(key));
    } catch (error) {
      return null;
    }
  },
  set(area, key, value) {
    try {
      area().setItem(key, JSON.stringify(value));
    } catch (error) {
      /* Full or forbidden: the page works without it. */
    }
  },
  drop(area, key) {
    try {
      area().removeItem(key);
    } catch (error) {
      /* As above. */
    }
  },
};
export const session = () => window.sessionStorage;
export const local = () => window.localStorage;

export function setCookie(name, value) {
  const secure = window.location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${encodeURIComponent(value)}; path=/; max-age=31536000; SameSite=Lax${secure}`;
}

/** Calls `start(root)` for the whole page now and for every fragment that htmx puts in later. */
export function onContent(start) {
  document.addEventListener("DOMContentLoaded", () => start(document));
  document.addEventListener("htmx:load", (event) => {
    if (event.detail.elt !== document.body) start(event.detail.elt);
  });
}

/** Matches inside `root`, `root` itself included. */
export function all(root, selector) {
  const found = Array.from(root.querySelectorAll(selector));
  if (root.matches && root.matches(selector)) found.unshift(root);
  return found;
}
