// Live screens. <div data-live="/live/…"> listens; a message is JSON {"key", …} for the element
// [data-live-key=key]: "html" replaces it, otherwise "state", "text" and "attrs" are set on it. "gone" removes it.
// {"trigger": "name", "detail"} raises an event on the page instead. The browser reconnects; after 5 s of silence
// on a broken line we open anew, and [data-live-refresh] asks for its fragment once, so that nothing was missed.
import { onContent } from "./page.js";

const RETRY = [1000, 2000, 5000, 10000, 30000];
const open = new Map();

function find(host, key) {
  return host.querySelector(`[data-live-key="${window.CSS && CSS.escape ? CSS.escape(key) : key}"]`);
}

function show(host, message) {
  if (message.trigger) {
    document.dispatchEvent(new CustomEvent(message.trigger, { detail: message.detail }));
    return;
  }
  const node = find(host, String(message.key));
  if (!node) return;
  if (message.gone) {
    node.remove();
    return;
  }
  let shown = node;
  if (message.html) {
    const holder = document.createElement("template");
    holder.innerHTML = message.html.trim();
    shown = holder.content.firstElementChild;
    if (node.classList.contains("dim")) shown.classList.add("dim");
    node.replaceWith(shown);
    window.htmx.process(shown);
  } else {
    if (message.state !== undefined) node.dataset.state = message.state;
    for (const [name, value] of Object.entries(message.attrs || {})) node.setAttribute(name, value);
    if (message.text !== undefined) (node.querySelector("[data-live-text]") || node).textContent = message.text;
  }
  shown.classList.add("just-changed");
  window.setTimeout(() => shown.classList.remove("just-changed"), 1700);
  host.dispatchEvent(new CustomEvent("live:changed", { bubbles: true, detail: { key: message.key, node: shown } }));
}

function connect(host, attempt = 0) {
  const source = new EventSource(host.dataset.live);
  open.set(host, source);
  source.onopen = () => {
    host.dataset.liveState = "on";
    if (attempt) host.dispatchEvent(new CustomEvent("live:reconnected", { bubbles: true }));
    attempt = 0;
  };
  const hear = (event) => {
    for (const message of [].concat(JSON.parse(event.data))) show(host, message);
  };
  source.onmessage = hear;
  source.addEventListener("state", hear);
  source.onerror = () => {
    host.dataset.liveState = "off";
    source.close();
    open.delete(host);
    // Half to one and a half of it: after a restart not all pages come back in the same moment.
    const wait = RETRY[Math.min(attempt, RETRY.length - 1)] * (0.5 + Math.random());
    window.setTimeout(() => document.contains(host) && connect(host, attempt + 1), wait);
  };
}

onContent((root) => {
  for (const [host, source] of open) {
    if (!document.contains(host)) {
      source.close();
      open.delete(host);
    }
  }
  const hosts = root.querySelectorAll ? [...root.querySelectorAll("[data-live]")] : [];
  if (root.matches && root.matches("[data-live]")) hosts.push(root);
  hosts.forEach((host) => { if (!open.has(host) && window.EventSource) connect(host); });
});
document.addEventListener("live:reconnected", (event) => {
  if (event.target.dataset.liveRefresh) window.htmx.ajax("GET", event.target.dataset.liveRefresh, { target: event.target, swap: "innerHTML" });
});
window.addEventListener("pagehide", () => open.forEach((source) => source.close()));
