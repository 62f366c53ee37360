// Charts of [data-chart] containers. The data is JSON in the container's <script type="application/json">:
// {"kind": "bar|line|funnel|pie", "labels": [], "series": [{"name", "data": [], "state"?, "tone"?}], "unit"?, "stacked"?}.
import * as echarts from "echarts/core";
import { BarChart, FunnelChart, LineChart, PieChart } from "echarts/charts";
import { GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { CanvasRenderer } from "echarts/renderers";
import { all, onContent } from "./page.js";

echarts.use([BarChart, LineChart, FunnelChart, PieChart, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer]);
const TONES = ["blue", "teal", "amber", "purple", "green", "orange", "indigo", "slate", "red"];

/** The colour that a chip of this state or tone has in the present theme. */
function colour(kind, name) {
  const probe = document.createElement("span");
  probe.dataset[kind] = name;
  probe.className = "chart-probe";
  document.body.append(probe);
  const found = getComputedStyle(probe).getPropertyValue("--state").trim();
  probe.remove();
  return found || "#888";
}
function colourOf(item, index) {
  if (item && item.state) return colour("state", item.state);
  return colour("tone", (item && item.tone) || TONES[index % TONES.length]);
}
const font = () => getComputedStyle(document.body).fontFamily;

/** A colour token as rgba(): the style sheet may mix colours in ways that the chart library can't read. */
function css(name) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const pen = canvas.getContext("2d");
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  pen.fillStyle = getComputedStyle(probe).color;
  probe.remove();
  pen.fillRect(0, 0, 1, 1);
  const [red, green, blue, alpha] = pen.getImageData(0, 0, 1, 1).data;
  return `rgba(${red}, ${green}, ${blue}, ${alpha / 255})`;
}

function axes(data, base) {
  const horizontal = data.horizontal;
  const labels = { type: "category", data: data.labels, axisTick: { show: false }, axisLine: { lineStyle: { color: base.line } }, axisLabel: { color: base.soft, hideOverlap: true } };
  const values = { type: "value", name: data.unit || "", nameTextStyle: { color: base.soft, align: "left" }, axisLabel: { color: base.soft }, splitLine: { lineStyle: { color: base.line } } };
  return horizontal ? { xAxis: values, yAxis: { ...labels, inverse: true } } : { xAxis: labels, yAxis: values };
}

function options(data) {
  const base = { text: css("--tblr-body-color"), soft: css("--tblr-secondary"), line: css("--tblr-border-color"), surface: css("--tblr-bg-surface") };
  const common = {
    animation: false,
    textStyle: { fontFamily: font(), color: base.text },
    // Rich text, not HTML: the page's policy forbids inline styles.
    tooltip: { renderMode: "richText", confine: true, backgroundColor: base.surface, borderColor: base.line, textStyle: { color: base.text } },
    legend: data.series.length > 1 || data.kind === "pie" ? { bottom: 0, type: "scroll", textStyle: { color: base.soft }, itemWidth: 12, itemHeight: 8 } : undefined,
  };
  if (data.kind === "pie" || data.kind === "funnel") return { ...common, ...parts(data, base) };
  return {
    ...common,
    ...axes(data, base),
    tooltip: { ...common.tooltip, trigger: "axis", axisPointer: { type: data.kind === "bar" ? "shadow" : "line" } },
    grid: { left: 8, right: 16, top: data.unit ? 32 : 12, bottom: common.legend ? 32 : 8, containLabel: true },
    series: data.series.map((one, index) => ({
      name: one.name,
      type: data.kind,
      data: one.data,
      stack: data.stacked ? "all" : undefined,
      barMaxWidth: 28,
      symbolSize: 5,
      smooth: false,
      itemStyle: { color: colourOf(one, index), borderRadius: data.kind === "bar" && !data.stacked ? 2 : 0 },
      lineStyle: { width: 2, type: index % 2 ? "dashed" : "solid" },
    })),
  };
}

function parts(data, base) {
  const [series] = data.series;
  const states = series.states || [];
  const items = data.labels.map((name, index) => ({
    name,
    value: series.data[index],
    itemStyle: { color: states[index] ? colour("state", states[index]) : colour("tone", data.kind === "funnel" ? "blue" : TONES[index % TONES.length]), opacity: data.kind === "funnel" ? 1 - index * 0.11 : 1 },
  }));
  if (data.kind === "pie") {
    return { series: [{ type: "pie", radius: ["48%", "72%"], center: ["50%", "45%"], data: items, label: { color: base.text, formatter: "{b} {d}%" }, itemStyle: { borderColor: base.surface, borderWidth: 2 } }] };
  }
  return { legend: undefined, series: [{ type: "funnel", sort: "none", left: "5%", right: "32%", top: 4, bottom: 4, gap: 3, minSize: "8%", data: items, label: { position: "right", color: base.text, formatter: "{b}  {c}" }, labelLine: { show: false } }] };
}

const sizes = window.ResizeObserver ? new ResizeObserver((entries) => entries.forEach(({ target }) => {
  const chart = echarts.getInstanceByDom(target);
  if (chart) chart.resize();
})) : null;

function draw(host) {
  const source = host.parentElement.querySelector('script[type="application/json"]');
  if (!source) return;
  const chart = echarts.getInstanceByDom(host) || echarts.init(host);
  chart.setOption(options(JSON.parse(source.textContent)), true);
  if (sizes) sizes.observe(host);
}
const start = (root) => all(root, "[data-chart]").forEach(draw);
onContent(start);
if (document.readyState !== "loading") start(document);
document.addEventListener("theme:changed", () => start(document));
document.addEventListener("chart:refresh", (event) => start(event.target.nodeType === 1 ? event.target : document));
