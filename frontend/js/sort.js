// Drag and drop, for pages that need it: <div data-sortable data-handle=".drag" data-group="name">.
// After a drop the host raises "sorted" with {order: [data-id …], moved, to}.
import Sortable from "sortablejs";
import { all, onContent } from "./page.js";

window.Sortable = Sortable;
function start(root) {
  all(root, "[data-sortable]").forEach((host) => {
    if (Sortable.get(host)) return;
    Sortable.create(host, {
      handle: host.dataset.handle || undefined,
      group: host.dataset.group ? { name: host.dataset.group, put: host.dataset.put !== "no" } : undefined,
      sort: host.dataset.sort !== "no",
      draggable: "[data-id]",
      animation: 120,
      delay: 120,
      delayOnTouchOnly: true,
      onEnd(event) {
        const order = all(event.to, "[data-id]").map((one) => one.dataset.id);
        event.to.dispatchEvent(new CustomEvent("sorted", { bubbles: true, detail: { order, moved: event.item.dataset.id, to: event.to.dataset.key } }));
      },
    });
  });
}
// A card goes home after the drop: the command that leads to the column opens, and moves it when it is done.
document.addEventListener("add", (event) => event.target.dataset.move && drop(event));
function drop(event) {
  const card = event.item;
  event.from.insertBefore(card, event.from.children[event.oldIndex] || null);
  window.htmx.ajax("GET", `${card.dataset.href}do/${event.target.dataset.move}`, { target: "#dialog-host", swap: "innerHTML" });
}

onContent(start);
if (document.readyState !== "loading") start(document);
