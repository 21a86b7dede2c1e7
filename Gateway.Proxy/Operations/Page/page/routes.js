// The table of routes, and its filter.

import { $, element, hasAll, parts, sync, text, wordsIn } from "./elements.js";
import { counted, decimal, percent, sum, time, whole } from "./format.js";
import { traffic } from "./traffic.js";

let routes = [];

/** Whose details are shown. */
const opened = new Set();

export function setRoutes(all) {
  routes = all;
}

export function showRoutes() {
  const words = wordsIn("filter");
  const shown = routes.filter((route) => hasAll(words, [route.path, route.route, route.rpc, ...clustersOf(route), route.rateLimit, route.origin, ...route.methods]));
  text($("routes-note"), shown.length === routes.length ? `${shown.length} in force` : `${shown.length} of ${routes.length}`);
  sync($("routes"), shown, (route) => route.route, makeRoute, showRoute, 1);
}

/** Opens or closes the details of a route. */
export function turnRoute({ dataset: { route } }) {
  opened[opened.has(route) ? "delete" : "add"](route);
  showRoutes();
}

const makeRoute = ({ route }) => element("tbody", {},
  element("tr", {},
    element("td", {}, element("button", { class: "turn", "data-route": route }, element("span"))),
    element("td", { "data-label": "RPC", class: "wide" }, element("span")),
    element("td", { "data-label": "Cluster", class: "short" }, element("div")),
    ...makeRates()),
  element("tr", { class: "more" }, element("td", { colspan: "8" }, element("dl"))));

function showRoute(body, route) {
  const [row, more] = body.children;
  const [path, rpc, cluster, ...numbers] = row.children;
  const rates = traffic.routes[route.route];
  const isOpen = opened.has(route.route);
  path.firstChild.setAttribute("aria-expanded", isOpen);
  parts(path.firstChild.firstChild, route.path ?? "any path");
  parts(rpc.firstChild, route.rpc ?? "");
  showShares(cluster.firstChild, route);
  showRates(numbers, rates);
  more.hidden = !isOpen;
  sync(more.firstChild.firstChild, detailsOf(route, rates), ([name]) => name, ([name]) => element("div", {}, element("dt", {}, name), element("dd")), (pair, [, value]) => text(pair.lastChild, value));
}

/** Whether a cluster is no route's own, so that others get its calls when it has no destination. */
export const isCanary = (cluster) => routes.some((route) => clustersOf(route).includes(cluster)) && !routes.some((route) => route.cluster === cluster);

/** The route's own, then those of its canary. */
const clustersOf = ({ cluster, canary }) => [...new Set([cluster ?? "", ...canary.map((rule) => rule.clusterId)])];

/** Each cluster, on a route with a canary with the part of the last minute's requests that it got. */
function showShares(list, route) {
  const all = requestsOf(route);
  const shares = clustersOf(route).map((cluster) => ({ cluster, share: route.canary.length > 0 && all > 0 ? percent(trafficOf(route, cluster)?.requests ?? 0, all) : "" }));
  sync(list, shares, ({ cluster }) => cluster, ({ cluster }) => element("div", {}, element("span", {}, cluster), element("span", { class: "until" })), (line, { share }) => text(line.lastChild, share));
}

const trafficOf = (route, cluster) => traffic.canaries[route.route]?.find((one) => one.cluster === cluster);
const requestsOf = (route) => sum((traffic.canaries[route.route] ?? []).map((one) => one.requests));

/** The cells that `showRates` fills. */
export const makeRates = () => ["Calls/s", "Failed/s", "Refused/s", "p50", "p99"].map((label) => element("td", { "data-label": label, class: "number" }));

/** Calls, failed and refused ones a second, and the times within which half and nearly all of them ended. */
export function showRates([calls, failed, refused, p50, p99], rates) {
  text(calls, decimal(rates?.callsPerSecond ?? 0));
  text(failed, decimal(rates?.failedPerSecond ?? 0));
  text(refused, decimal(rates?.refusedPerSecond ?? 0));
  text(p50, time(rates?.p50));
  text(p99, time(rates?.p99));
  failed.classList.toggle("warn", rates?.failedPerSecond > 0);
}

function detailsOf(all, rates) {
  const { route, methods, rpcDetails: rpc, rateLimitDetails: limits, origin } = all;
  return [
    ["Route", route],
    ["Methods", methods.join(", ") || "any"],
    ["Written in", origin],
    ...(rpc ? [
      ["Session", rpc.session === "Required" ? "required" : "none, open to everybody"],
      ["Time for a call", rpc.timeout],
      ["Largest request", `${whole(rpc.maxRequestBodySize)} bytes`],
      ["Events", rpc.events.join(", ") || "none"],
    ] : []),
    ["Rate limits", limits.map((limit) => `${limit.name}: ${whole(limit.permit)} in ${limit.window}, ${scopeOf(limit)}`).join("; ") || "none"],
    ...(all.canary.length > 0 ? [["Canary", all.canary.map(ruleOf).join("; ")], ...clustersOf(all).map((cluster) => [`To ${cluster}`, partOf(all, cluster)])] : []),
    ["Ends in the last minute", counted(Object.entries(rates?.outcomes ?? {})) || "none"],
  ];
}

const ruleOf = ({ clusterId, percent, header, values }) => header === null ? `${percent}\u00a0% to ${clusterId}` : `${header}: ${values.join(" or ")} to ${clusterId}`;

/** What a cluster got of a route in the last minute, and what became of it. */
function partOf(route, cluster) {
  const part = trafficOf(route, cluster);
  return part === undefined ? "no requests in the last minute" : [
    `${whole(part.requests)} of ${whole(requestsOf(route))} requests in the last minute (${percent(part.requests, requestsOf(route))})`,
    ...(part.fellBack > 0 ? [`${whole(part.fellBack)} of them for want of a destination of the canary`] : []),
    ...(part.calls ? [`${decimal(part.calls.failedPerSecond)}/s failed`] : []),
    ...(part.calls?.p50 ? [`p50 ${time(part.calls.p50)}`, `p99 ${time(part.calls.p99)}`] : []),
  ].join(", ");
}

const scopeOf = ({ per, field, shared }) => `${per === "Global" ? "for all together" : `for each ${field || per.toLowerCase()}`}${shared ? ", on all gateways together" : ""}`;
