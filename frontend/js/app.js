// Everything an ordinary page needs. Order matters: submits are caught offline first, then by the keeper.
import "./prefs.js";
import "./offline.js";
import "./keeper.js";
import "./requests.js";
import "./overlays.js";
import "./palette.js";
import "./keys.js";
import "./widgets.js";
import "./live.js";
import Alpine from "@alpinejs/csp";

window.Alpine = Alpine;
// Special screens register their components on "alpine:init" in their own script, loaded before this one ends.
document.addEventListener("DOMContentLoaded", () => Alpine.start());
