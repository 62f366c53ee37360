// Theme, and who used this computer lately (to switch quickly at a shared reception desk).
import { element, local, onContent, setCookie, store, text } from "./page.js";

const dark = window.matchMedia("(prefers-color-scheme: dark)");
function applyTheme(choice) {
  const theme = choice === "auto" || !choice ? (dark.matches ? "dark" : "light") : choice;
  document.documentElement.setAttribute("data-bs-theme", theme);
  setCookie("theme", theme);
  document.dispatchEvent(new CustomEvent("theme:changed", { detail: theme }));
}
const chosen = () => store.get(local, "theme");
if (!document.documentElement.hasAttribute("data-theme-fixed")) applyTheme(chosen());
if (dark.addEventListener) dark.addEventListener("change", () => applyTheme(chosen()));

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-toggle-theme]")) return;
  const next = document.documentElement.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
  store.set(local, "theme", next);
  applyTheme(next);
});

// A chosen language is posted at once: [data-auto-submit] on the select.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-auto-submit]")) event.target.form.submit();
});

const RECENT = "recent-users";
document.addEventListener("submit", (event) => {
  const { userLogin, userName } = event.target.dataset;
  if (!event.target.matches("[data-switch-user]") || !userLogin) return;
  const others = (store.get(local, RECENT) || []).filter((one) => one.login !== userLogin);
  store.set(local, RECENT, [{ login: userLogin, name: userName || userLogin }, ...others].slice(0, 8));
}, true);

onContent((root) => {
  const host = root.querySelector && root.querySelector("[data-recent-users]");
  const recent = store.get(local, RECENT) || [];
  if (!host || !recent.length) return;
  const login = document.querySelector('input[name="login"]');
  const password = document.querySelector('input[name="password"]');
  const buttons = recent.map((one) => {
    const button = element("button", { type: "button", class: "recent-user", "aria-pressed": "false" },
      element("span", { class: "user-face", "aria-hidden": "true" }, one.name.slice(-2)), element("span", {}, one.name));
    button.addEventListener("click", () => {
      buttons.forEach((other) => other.setAttribute("aria-pressed", other === button));
      login.value = one.login;
      password.focus();
    });
    return button;
  });
  host.setAttribute("aria-label", text("who_are_you"));
  host.replaceChildren(...buttons);
  host.hidden = false;
});
