// Numbers with a line of the last two minutes each.

import { $, element, sync, text } from "./elements.js";
import { decimal, whole } from "./format.js";
import { kept, lately, rate, ratesOf, samples } from "./samples.js";

export function showTiles(isProxy) {
  const newest = samples.at(-1).traffic;
  const perSecond = (name, count, isBad) => {
    const value = rate(count);
    return { name, value: decimal(value), unit: "/s", line: ratesOf(count), isBad: isBad && value > 0 };
  };
  const now = (name, value, unit, read) => ({ name, value: whole(value), unit, line: samples.map(read) });
  const tiles = [
    ...(isProxy ? [
      perSecond("Calls", (sample) => sample.traffic.calls),
      perSecond("Failed calls", (sample) => sample.traffic.failed, true),
      now("Requests under way", samples.at(-1).running, "", (sample) => sample.running),
    ] : []),
    now("Sockets here", newest.sockets, "", (sample) => sample.traffic.sockets),
    perSecond("Events published", (sample) => sample.traffic.published),
    perSecond("Events delivered", (sample) => sample.traffic.delivered),
    perSecond("Events dropped", (sample) => sample.traffic.dropped, true),
    { name: "Slow consumers", value: whole(lately((sample) => sample.traffic.slowConsumers)), unit: "in a minute", line: ratesOf((sample) => sample.traffic.slowConsumers), isBad: lately((sample) => sample.traffic.slowConsumers) > 0 },
  ];
  sync($("tiles"), tiles, (tile) => tile.name, makeTile, (node, tile) => {
    node.dataset.level = tile.isBad ? "warn" : "";
    const [, number, graph] = node.children;
    text(number.firstChild, tile.value);
    text(number.lastChild, tile.unit);
    graph.firstChild.setAttribute("points", pointsOf(tile.line));
  });
}

function makeTile(tile) {
  const graph = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  graph.setAttribute("viewBox", "0 0 100 24");
  graph.setAttribute("preserveAspectRatio", "none");
  graph.setAttribute("aria-hidden", "true");
  graph.append(document.createElementNS("http://www.w3.org/2000/svg", "polyline"));
  return element("div", {}, element("dt", {}, tile.name), element("dd", {}, element("span"), element("small")), graph);
}

/** The line begins at the right edge and grows to the left, so that its pace is always the same. */
function pointsOf(values) {
  const most = Math.max(...values, 1e-9);
  const step = 100 / (kept - 1);
  return values.map((value, i) => `${(100 - (values.length - 1 - i) * step).toFixed(2)},${(22 - (value / most) * 20).toFixed(2)}`).join(" ");
}
