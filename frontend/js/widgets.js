// Small behaviours of the components: pickers, money fields, line items, files, reveal, bulk choice, tooltips.
import Dropdown from "bootstrap/js/dist/dropdown";
import Tooltip from "bootstrap/js/dist/tooltip";
import TomSelect from "tom-select/base";
import removeButton from "tom-select/dist/esm/plugins/remove_button/plugin.js";
import clearButton from "tom-select/dist/esm/plugins/clear_button/plugin.js";
import { all, csrfToken, element, onContent, setting, text } from "./page.js";
import { toast } from "./overlays.js";

TomSelect.define("remove_button", removeButton);
TomSelect.define("clear_button", clearButton);
window.Dropdown = Dropdown;

// --- pickers: <select data-picker> (local) or <select data-picker data-url="…"> (asks the server as you type)

async function load(url, query, done) {
  try {
    const address = new URL(url, window.location.href);
    address.searchParams.set("q", query);
    const answer = await fetch(address, { credentials: "same-origin", headers: { Accept: "application/json" } });
    done(answer.ok ? (await answer.json()).items : []);
  } catch (error) {
    done([]);
  }
}

function startPicker(select) {
  if (select.tomselect) return;
  const { url, placeholder, create } = select.dataset;
  const plugins = select.multiple ? { remove_button: { title: text("remove") } } : {};
  if (!select.multiple && !select.required) plugins.clear_button = { title: text("clear") };
  new TomSelect(select, {
    plugins,
    create: create === "1",
    maxOptions: 200,
    placeholder,
    hidePlaceholder: true,
    hideSelected: Boolean(url) || select.multiple,
    allowEmptyOption: false,
    valueField: url ? "id" : "value",
    labelField: url ? "label" : "text",
    searchField: url ? [] : ["text", "hint"],
    preload: url ? "focus" : false,
    loadThrottle: 250,
    load: url ? (query, done) => load(url, query, done) : null,
    // What the server found is shown as found: it also matches pinyin, initials and phone tails.
    score: url ? () => () => 1 : undefined,
    onInitialize() {
      if (url) for (const option of select.querySelectorAll("option[value]:not([value=''])")) this.updateOption(option.value, { id: option.value, label: option.textContent });
    },
    onType() { if (url) this.clearOptions((option) => this.items.includes(String(option.id))); },
    render: {
      option(data, escape) {
        const hint = data.hint ? `<small>${escape(data.hint)}</small>` : "";
        return `<div>${escape(data.label || data.text)}${hint}</div>`;
      },
      no_results: () => `<div class="no-results">${text("nothing_found")}</div>`,
      loading: () => `<div class="no-results">${text("searching")}</div>`,
      option_create: (data, escape) => `<div class="create">${text("add")} ${escape(data.input)}</div>`,
    },
  });
  // The picker's own input carries the label now; the select below it would be read a second time, nameless.
  select.setAttribute("aria-hidden", "true");
  const label = select.getAttribute("aria-label");
  if (label) select.tomselect.control_input.setAttribute("aria-label", label);
}

// --- money: separators while idle, plain digits while typing; the words below help against a missing zero

const plain = (value) => value.replace(/[,\s，]/g, "");
function grouped(value) {
  const match = plain(value).match(/^(-?)(\d+)(\.\d+)?$/);
  return match ? match[1] + match[2].replace(/\B(?=(\d{3})+$)/g, ",") + (match[3] || "") : value;
}
function words(value) {
  const amount = Number(plain(value));
  if (!plain(value) || !Number.isFinite(amount) || Math.abs(amount) < 10000) return "";
  return text("money_words", { amount: String(Number((amount / 10000).toFixed(6))) });
}
function startMoney(input) {
  const hint = input.closest(".field") && input.closest(".field").querySelector(".money-words");
  const tell = () => { if (hint) hint.textContent = words(input.value); };
  input.addEventListener("blur", () => { input.value = grouped(input.value); });
  input.addEventListener("focus", () => { input.value = plain(input.value); input.select(); });
  input.addEventListener("input", tell);
  input.value = grouped(input.value);
  tell();
}
// Names ending a form's own data: separators never leave the browser.
document.addEventListener("htmx:configRequest", (event) => {
  const form = event.detail.elt.closest("form");
  if (!form) return;
  all(form, "input[data-money]").forEach((input) => {
    if (input.name in event.detail.parameters && typeof event.detail.parameters[input.name] === "string") {
      event.detail.parameters[input.name] = plain(event.detail.parameters[input.name]);
    }
  });
});
document.addEventListener("formdata", (event) => {
  all(event.target, "input[data-money]").forEach((input) => {
    if (!input.name || !event.formData.has(input.name)) return;
    const values = event.formData.getAll(input.name).map((value) => plain(String(value)));
    event.formData.delete(input.name);
    values.forEach((value) => event.formData.append(input.name, value));
  });
});

// --- line items: <div data-lines> with tbody, <template> of a row (__index__) and an add button

function startLines(host) {
  const body = host.querySelector("tbody");
  const total = host.querySelector('input[name$="TOTAL_FORMS"]');
  const sumUp = () => all(host, "[data-sum-of]").forEach((cell) => {
    const inputs = all(body, `[name$="${cell.dataset.sumOf}"]`);
    const cents = inputs.reduce((sum, input) => sum + Math.round(Number(plain(input.value) || 0) * 100), 0);
    cell.textContent = grouped((cents / 100).toFixed(2));
  });
  const add = () => {
    const index = total ? Number(total.value) : body.children.length;
    const holder = document.createElement("template");
    holder.innerHTML = host.querySelector("template").innerHTML.replace(/__index__|__prefix__/g, index);
    const row = holder.content.firstElementChild;
    body.append(row);
    if (total) total.value = index + 1;
    window.htmx.process(row);
    start(row);
    const first = row.querySelector("input:not([type=hidden]), select, textarea");
    if (first) first.focus();
    sumUp();
  };
  host.addEventListener("click", (event) => {
    if (event.target.closest("[data-add-line]")) add();
    const remove = event.target.closest("[data-remove-line]");
    if (!remove) return;
    const row = remove.closest("tr");
    const mark = row.querySelector('input[name$="DELETE"]');
    if (mark) {
      mark.value = "on";
      row.hidden = true;
    } else row.remove();
    sumUp();
  });
  host.addEventListener("input", sumUp);
  sumUp();
}

// --- a field that has a meaning only with some values of another: <div data-only="kind" data-only-values="mail sms">

function showOnly(form) {
  all(form, "[data-only]").forEach((host) => {
    const name = `[name="${host.dataset.only}"]`;
    const other = form.querySelector(`select${name}, ${name}:checked`);
    const known = form.querySelector(name);
    host.hidden = Boolean(known) && !host.dataset.onlyValues.split(" ").includes(other ? other.value : "");
  });
}
document.addEventListener("change", (event) => {
  const form = event.target.closest("form");
  if (form) showOnly(form);
});

// --- editor of conditions: the server makes rows and groups, taking one away needs nobody

document.addEventListener("click", (event) => {
  const remove = event.target.closest("[data-cond-remove]");
  if (!remove) return;
  const editor = remove.closest("[data-cond]");
  remove.closest("[data-cond-node]").remove();
  editor.dispatchEvent(new Event("change", { bubbles: true }));
});

// --- file drop

function startFile(host) {
  const input = host.querySelector("input[type=file]");
  ["dragover", "dragleave", "drop"].forEach((name) => host.addEventListener(name, (event) => {
    event.preventDefault();
    host.classList.toggle("is-over", name === "dragover");
    if (name === "drop" && event.dataTransfer.files.length) {
      input.files = event.dataTransfer.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    }
  }));
}

// --- reveal: a masked value shown once, logged by the server, hidden again after half a minute

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-reveal]");
  if (!button) return;
  const shown = button.parentElement.querySelector("[data-masked]");
  if (button.dataset.shown) {
    hide(button, shown);
    return;
  }
  try {
    const answer = await fetch(button.dataset.reveal, {
      method: "POST",
      credentials: "same-origin",
      headers: { "X-CSRFToken": csrfToken(), Accept: "application/json" },
    });
    if (!answer.ok) throw new Error(String(answer.status));
    shown.textContent = (await answer.json()).value;
    button.dataset.shown = "1";
    offerCall(button, shown.textContent);
    window.setTimeout(() => hide(button, shown), 30000);
  } catch (error) {
    toast(text(error.message === "403" ? "forbidden" : "server_error"), "red");
  }
});
// A number that is shown can be called; a masked one can't.
function offerCall(button, number) {
  const call = button.parentElement.querySelector("[data-call]");
  if (!call) return;
  call.hidden = !number;
  if (number) call.href = `tel:${number.replace(/[^+\d]/g, "")}`;
  else call.removeAttribute("href");
}
function hide(button, shown) {
  delete button.dataset.shown;
  offerCall(button, "");
  shown.textContent = shown.dataset.masked;
}

// --- copy, choose all, bulk bar, tabs without a server

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button || !navigator.clipboard) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  toast(text("copied"));
});
document.addEventListener("change", (event) => {
  const box = event.target.closest(".table-box");
  if (!box || !event.target.matches("[data-pick-all], [data-pick]")) return;
  const picks = all(box, "[data-pick]");
  if (event.target.matches("[data-pick-all]")) picks.forEach((one) => { one.checked = event.target.checked; });
  const chosen = picks.filter((one) => one.checked);
  const bar = box.querySelector(".bulk-bar");
  if (bar) {
    bar.hidden = !chosen.length;
    all(bar, "[data-picked-count]").forEach((one) => { one.textContent = chosen.length; });
    all(bar, "[data-picked-ids]").forEach((one) => { one.value = chosen.map((pick) => pick.value).join(","); });
  }
  picks.forEach((one) => one.closest("tr").classList.toggle("is-picked", one.checked));
});
document.addEventListener("click", (event) => {
  const tab = event.target.closest('.tabs a[href^="#"]');
  if (!tab) return;
  event.preventDefault();
  all(tab.closest(".tabs"), "a").forEach((one) => {
    const chosen = one === tab;
    if (chosen) one.setAttribute("aria-current", "true");
    else one.removeAttribute("aria-current");
    const pane = document.querySelector(one.getAttribute("href"));
    if (pane) pane.hidden = !chosen;
  });
});
// A form that opened below a row folds away again.
document.addEventListener("click", (event) => {
  const fold = event.target.closest("[data-fold]");
  if (fold) fold.closest("[data-slot]").remove();
});
// A control that may not be used says why and does nothing.
document.addEventListener("click", (event) => {
  const blocked = event.target.closest('[aria-disabled="true"]');
  if (!blocked) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (blocked.dataset.reason) toast(blocked.dataset.reason, "amber");
}, true);

const asked = new Set();
function loadScript(name) {
  if (asked.has(name)) return;
  asked.add(name);
  const address = (setting("scripts") || {})[name];
  if (address) document.head.append(element("script", { src: address }));
}
function start(root) {
  all(root, "select[data-picker]").forEach(startPicker);
  all(root, "input[data-money]").forEach(startMoney);
  all(root, "[data-lines]").forEach(startLines);
  all(root, "form").forEach(showOnly);
  all(root, "[data-file]").forEach(startFile);
  all(root, "[data-tip]").forEach((node) => new Tooltip(node, { title: node.dataset.tip, trigger: "hover focus", delay: { show: 300, hide: 0 } }));
  if (root.querySelector("[data-chart]")) loadScript("charts");
  if (root.querySelector("[data-sortable]")) loadScript("sort");
}
onContent(start);
document.addEventListener("htmx:beforeCleanupElement", (event) => {
  const tip = Tooltip.getInstance(event.target);
  if (tip) tip.dispose();
});
