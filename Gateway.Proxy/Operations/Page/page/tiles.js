// Numbers with a graph of the last hour each.

import { $, element, sync, text } from "./elements.js";
import { counted, decimal, duration, whole } from "./format.js";
import { refusals } from "./outcomes.js";
import { history, lately, period, traffic } from "./traffic.js";

const perSecond = (name, key, isBad) => ({ name, key, unit: "/s", show: decimal, isBad });
const calls = [
  perSecond("Calls", "callsPerSecond"),
  perSecond("Failed calls", "failedPerSecond", true),
  { ...perSecond("Refused calls", "refusedPerSecond"), note: () => counted(lately(refusals)) },
  { name: "Half of all calls within", key: "p50", unit: "ms", show: decimal },
  { name: "99 of 100 calls within", key: "p99", unit: "ms", show: decimal },
  { name: "Requests under way", key: "runningRequests", unit: "", show: whole },
];
const events = [
  { name: "Sockets here", key: "sockets", unit: "", show: whole },
  perSecond("Events published", "publishedPerSecond"),
  { ...perSecond("Events pushed by services", "pushedPerSecond"), isRare: true },
  perSecond("Events delivered", "deliveredPerSecond"),
  perSecond("Events dropped", "droppedPerSecond", true),
  { name: "Slow consumers", key: "slowConsumers", unit: "in ten seconds", show: whole, isBad: true },
];

export function showTiles(isProxy) {
  const shown = (isProxy ? [...calls, ...events] : events).filter(({ key, isRare }) => !isRare || [...history, traffic.now].some((point) => point[key] > 0));
  sync($("tiles"), shown, (tile) => tile.name, makeTile, (node, tile) => {
    const value = traffic.now[tile.key];
    const line = history.map((point) => point[tile.key] ?? 0);
    const most = Math.max(...line, 0);
    const [, number, note, graph, scale] = node.children;
    node.dataset.level = tile.isBad && value > 0 ? "warn" : "";
    text(number.firstChild, tile.show(value));
    text(number.lastChild, value === null ? "" : tile.unit);
    text(note, tile.note?.() ?? "");
    graph.firstChild.firstChild.setAttribute("points", pointsOf(line, most));
    text(scale.firstChild, line.length > 1 ? `${duration(line.length * period)} ago` : "");
    text(scale.lastChild, line.length > 1 ? `up to ${inUnit(most, tile)}` : "");
  });
}

const inUnit = (number, { show, unit }) => `${show(number)}${unit && !unit.startsWith("/") ? "\u00a0" : ""}${unit}`;

function makeTile(tile) {
  const graph = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  graph.setAttribute("viewBox", "0 0 100 24");
  graph.setAttribute("preserveAspectRatio", "none");
  graph.setAttribute("aria-hidden", "true");
  graph.append(document.createElementNS("http://www.w3.org/2000/svg", "polyline"));
  return element("div", {}, element("dt", {}, tile.name), element("dd", { class: "value" }, element("span"), element("small")), element("dd", { class: "note" }),
    element("dd", {}, graph), element("dd", { class: "scale" }, element("span"), element("span")));
}

/** From the left edge to the right, whatever time there is. The bottom is nothing, and the top is the most there was. */
function pointsOf(values, most) {
  const step = 100 / Math.max(1, values.length - 1);
  return values.map((value, i) => `${(i * step).toFixed(2)},${(22 - (most > 0 ? value / most : 0) * 20).toFixed(2)}`).join(" ");
}
