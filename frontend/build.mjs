// Builds everything a browser loads into src/anchang/static/build/ (never committed).
//   app.css app.js   every page        charts.js    pages with charts
//   sales.js         unit board, deal desk, cashier
//   designer.js      drag and drop     icons.svg    sprite of the icons that are used
//   sw.js manifest.webmanifest icon-*.png           the installable app
// The budget is checked at the end: an ordinary page may load 150 kB of CSS and JS, compressed.
import { build } from "esbuild";
import { PurgeCSS } from "purgecss";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { drawIcon, iconSvg } from "./app_icon.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..");
const source = join(root, "src", "anchang");
const out = join(source, "static", "build");
const modules = join(root, "node_modules");
const PAGE_BUDGET = 150 * 1024;

async function filesUnder(folder, endings) {
  const found = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (path !== out && entry.name !== "__pycache__") found.push(...(await filesUnder(path, endings)));
    } else if (endings.some((ending) => entry.name.endsWith(ending))) found.push(path);
  }
  return found;
}

/** Tabler without the rules that no template, Python file or script names, then our own sheets. */
async function buildStyles() {
  const tabler = await readFile(join(modules, "@tabler/core/dist/css/tabler.css"), "utf8");
  const named = [...(await filesUnder(source, [".html", ".py"])), ...(await filesUnder(here, [".js"]))];
  const safelist = JSON.parse(await readFile(join(here, "css", "keep.json"), "utf8"));
  const [purged] = await new PurgeCSS().purge({
    css: [{ raw: tabler, extension: "css" }],
    content: named,
    defaultExtractor: (text) => text.match(/[A-Za-z0-9_-]+/g) || [],
    safelist: {
      standard: safelist.classes,
      deep: safelist.deep.map((text) => new RegExp(text)),
      greedy: [],
    },
    dynamicAttributes: ["data-bs-theme", "data-bs-popper"],
    variables: false,
    keyframes: true,
  });
  const own = ["tokens", "shell", "components", "forms", "table", "pages", "day", "board", "sales", "opening", "print"];
  const sheets = await Promise.all(own.map((name) => readFile(join(here, "css", `${name}.css`), "utf8")));
  const tom = await readFile(join(modules, "tom-select/dist/css/tom-select.bootstrap5.css"), "utf8");
  await build({
    stdin: { contents: [dropUnusedVariables(purged.css, sheets.join("\n") + tom), tom, ...sheets].join("\n"), loader: "css" },
    outfile: join(out, "app.css"),
    minify: true,
    logLevel: "error",
    target: ["chrome80", "safari14.1"],
  });
}

/** Tabler declares hundreds of custom properties; keep those that something reads, however indirectly. */
function dropUnusedVariables(css, others) {
  let text = css.replace(/\/\*[\s\S]*?\*\//g, "");
  for (;;) {
    const used = new Set([...(text + others).matchAll(/var\(\s*(--[\w-]+)/g)].map((match) => match[1]));
    const next = text.replace(/(--tblr-[\w-]+)\s*:[^;{}]*;/g, (rule, name) => (used.has(name) ? rule : ""));
    if (next === text) return text;
    text = next;
  }
}

async function buildScripts() {
  await build({
    entryPoints: {
      app: join(here, "js", "app.js"),
      charts: join(here, "js", "charts.js"),
      sort: join(here, "js", "sort.js"),
      sales: join(here, "js", "sales.js"),
      opening: join(here, "js", "opening.js"),
    },
    outdir: out,
    bundle: true,
    minify: true,
    format: "iife",
    target: ["chrome80", "safari14.1"],
    legalComments: "none",
    logLevel: "error",
  });
  await build({
    entryPoints: [join(here, "js", "sw.js")],
    outfile: join(out, "sw.js"),
    bundle: true,
    minify: true,
    format: "iife",
    define: { BUILD: JSON.stringify(String(Date.now())) },
    logLevel: "error",
  });
}

/** Names in `{% icon "x" %}`, `icon="x"` and `"icon": "x"` of templates and Python, and the icons list. */
async function usedIcons() {
  const names = new Set(JSON.parse(await readFile(join(here, "icons.json"), "utf8")));
  const pattern = /\bicon["']?\s*(?:[=:]\s*|\s+|\(\s*)["']([a-z][a-z0-9-]{2,})["']/g;
  for (const path of await filesUnder(source, [".html", ".py"])) {
    for (const match of (await readFile(path, "utf8")).matchAll(pattern)) names.add(match[1]);
  }
  return [...names].sort();
}

async function buildSprite() {
  const symbols = [];
  for (const name of await usedIcons()) {
    const path = join(modules, "@tabler/icons/icons/outline", `${name}.svg`);
    if (!existsSync(path)) {
      console.warn(`icons: Tabler has no "${name}"`);
      continue;
    }
    const svg = (await readFile(path, "utf8")).replace(/<!--[\s\S]*?-->/g, "");
    const body = svg.replace(/^[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "");
    symbols.push(`<symbol id="${name}" viewBox="0 0 24 24">${body.replace(/\s*\n\s*/g, "")}</symbol>`);
  }
  const sprite = `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`;
  await writeFile(join(out, "icons.svg"), sprite);
}

async function buildInstallable() {
  for (const size of [180, 192, 512]) await writeFile(join(out, `icon-${size}.png`), drawIcon(size));
  await writeFile(join(out, "icon.svg"), iconSvg());
  const manifest = JSON.parse(await readFile(join(here, "manifest.json"), "utf8"));
  await writeFile(join(out, "manifest.webmanifest"), JSON.stringify(manifest));
}

async function report() {
  let page = 0;
  for (const name of ["app.css", "app.js", "charts.js", "sort.js", "sales.js", "opening.js", "icons.svg", "sw.js"]) {
    const size = gzipSync(await readFile(join(out, name))).length;
    if (name.startsWith("app.")) page += size;
    console.log(`${name.padEnd(10)} ${(size / 1024).toFixed(1)} kB compressed`);
  }
  if (page > PAGE_BUDGET) throw new Error(`a page loads ${page} bytes of CSS and JS, allowed ${PAGE_BUDGET}`);
}

// All but the fonts, which fonts.mjs puts there: without them no paper can be printed.
const old = existsSync(out) ? (await readdir(out)).filter((name) => name !== "fonts") : [];
await Promise.all(old.map((name) => rm(join(out, name), { recursive: true, force: true })));
await mkdir(out, { recursive: true });
await Promise.all([buildStyles(), buildScripts(), buildSprite(), buildInstallable()]);
await report();
