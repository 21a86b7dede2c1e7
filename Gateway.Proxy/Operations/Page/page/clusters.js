// The table of clusters and their destinations.

import { $, element, hasAll, sync, text, wordsIn } from "./elements.js";
import { clock, date, whole } from "./format.js";
import { isCanary, makeRates, showRates } from "./routes.js";
import { traffic } from "./traffic.js";

/** With more destinations than this, clusters without trouble are closed. */
const few = 24;

/** So many destinations of a cluster are shown until all are asked for. */
const first = 8;

const levels = { available: "good", drained: "warn", failing: "bad", unreachable: "bad" };
const urgency = ["unreachable", "failing", "drained", "available"];

let clusters = [];

/** Where instances come from, by what operators call it. */
let sources = [];

/** What the operator has opened or closed, and where all are asked for. */
const isOpened = new Map();
const isWhole = new Set();

export function showClusters(all, health) {
  clusters = all;
  sources = [["etcd", health.etcd], ["Kubernetes", health.kubernetes], ["DNS", health.dns]].filter(([, source]) => source && source.state !== "off");
  draw();
}

export function filterDestinations() {
  isWhole.clear();
  draw();
}

/** Opens or closes a cluster, or shows all its destinations. */
export function turnCluster({ dataset }) {
  const { cluster, turn } = dataset;
  if (turn === "whole") {
    isWhole[isWhole.has(cluster) ? "delete" : "add"](cluster);
  } else {
    isOpened.set(cluster, turn === "open");
  }

  draw();
}

/** What an operator has to know before a destination is drained that is the last one. */
export function warningOf(cluster, destination) {
  const all = clusters.find((one) => one.cluster === cluster)?.destinations ?? [];
  const others = all.filter((one) => one.destination !== destination && one.inUse);
  if (others.length === 0) {
    return `It is the last one in use: calls of ${cluster} will ${isCanary(cluster) ? "go to the clusters of their routes" : "be refused"} until it is put back.`;
  }

  return others.some(isAvailable) ? "" : `It is the last available one: those left fail, and calls of ${cluster} with them.`;
}

const isAvailable = (one) => one.state === "available";
const hasTrouble = (cluster) => troubleOf(cluster) > 0;

/** None available, some that fail, some drained, nothing. */
function troubleOf({ destinations }) {
  return !destinations.some(isAvailable) ? 3 : destinations.some((one) => levels[one.state] === "bad") ? 2 : destinations.every(isAvailable) ? 0 : 1;
}

function draw() {
  const all = clusters.flatMap(({ destinations }) => destinations);
  text($("clusters-note"), [
    `${clusters.length} clusters, ${all.filter(isAvailable).length} of ${all.length} destinations available`,
    ...sources.map(([name, { state, instances }]) => `${name} ${state}, ${instances} instances`),
  ].join("  ·  "));
  const words = wordsIn("destination-filter");
  const shown = clusters.map((cluster) => ({ ...cluster, found: found(cluster, words) })).filter((cluster) => words.length === 0 || cluster.found.length > 0);
  shown.sort((a, b) => troubleOf(b) - troubleOf(a));
  $("clusters-none").hidden = shown.length > 0 || clusters.length === 0;
  sync($("clusters"), shown, (cluster) => cluster.cluster, makeCluster, (body, cluster) => {
    const isOpen = words.length > 0 || (isOpened.get(cluster.cluster) ?? (all.length <= few || hasTrouble(cluster)));
    showHead(body.firstChild, cluster, isOpen);
    sync(body, isOpen ? rowsOf(cluster) : [], (row) => row.more ? "" : row.destination, (row) => row.more ? makeMore(row) : makeDestination(row), (node, row) => row.more ? showMore(node, row) : showDestination(node, row), 1);
  }, 1);
}

function found(cluster, words) {
  const isWanted = (one) => hasAll(words, [cluster.cluster, one.address, one.origin, one.state, one.reason]);
  return cluster.destinations.filter(isWanted).sort((a, b) => urgency.indexOf(a.state) - urgency.indexOf(b.state));
}

function rowsOf({ cluster, found }) {
  const left = found.length - first;
  const isAll = isWhole.has(cluster);
  const rows = found.slice(0, isAll || left === 1 ? found.length : first).map((one) => ({ ...one, cluster }));
  return left > 1 ? [...rows, { more: isAll ? `Show ${first} of ${cluster}` : `Show ${left} more of ${cluster}`, cluster }] : rows;
}

function makeCluster(cluster) {
  const head = element("button", { class: "turn" }, element("b"), element("span"), element("small"));
  return element("tbody", {}, element("tr", { class: "group" },
    element("th", { scope: "rowgroup", colspan: "3", title: `Written in ${cluster.origin}` }, head),
    ...makeRates(),
    element("td", { class: "steer" })));
}

function showHead(row, { cluster, tls, destinations }, isOpen) {
  const [head, ...numbers] = row.children;
  const button = head.firstChild;
  showRates(numbers, traffic.clusters[cluster]);
  Object.assign(button.dataset, { cluster, turn: isOpen ? "close" : "open" });
  button.setAttribute("aria-expanded", isOpen);
  text(button.firstChild, cluster);
  const counts = urgency.map((state) => [state, destinations.filter((one) => one.state === state).length]).filter(([state, count]) => state === "available" || count > 0);
  text(button.children[1], destinations.length === 0 ? "no destination" : counts.reverse().map(([state, count]) => state === "available" ? `${count} of ${destinations.length} available` : `${count} ${state}`).join(", "));
  button.dataset.level = ["", "warn", "warn", "bad"][troubleOf({ destinations })];
  text(button.lastChild, tls ? ["TLS", ...(tls.serverName ? [`as ${tls.serverName}`] : []), ...(tls.certificateExpires ? [`own certificate until ${date(tls.certificateExpires)}`] : [])].join(", ") : "");
}

function makeMore({ cluster }) {
  const button = element("button", { class: "plain" });
  Object.assign(button.dataset, { cluster, turn: "whole" });
  return element("tr", { class: "more" }, element("td", { colspan: "9" }, button));
}

const showMore = (row, { more }) => text(row.firstChild.firstChild, more);

function makeDestination(one) {
  const button = element("button");
  Object.assign(button.dataset, { cluster: one.cluster, destination: one.destination, address: one.address });
  return element("tr", {},
    element("td", {}, element("span"), element("span", { class: "origin" })),
    element("td", { "data-label": "State", class: "standing" }, element("span", {}, element("span", { class: "state" }), element("span", { class: "until" })), element("span", { class: "origin" })),
    element("td", { "data-label": "Under way", class: "number" }),
    ...makeRates(),
    element("td", { class: "steer" }, button));
}

function showDestination(row, one) {
  const [name, standing, running, ...rest] = row.children;
  const action = rest.pop();
  text(name.firstChild, one.address);
  text(name.lastChild, one.origin);
  const [state, until] = standing.firstChild.children;
  state.dataset.level = levels[one.state];
  text(state, one.state);
  text(until, one.until ? `out until ${clock(one.until)}` : "");
  text(standing.lastChild, one.reason ?? "");
  text(running, whole(one.runningRequests));
  showRates(rest, one.lastMinute);
  const button = action.firstChild;
  const isDrained = one.state === "drained";
  button.dataset.action = isDrained ? "undrain" : "drain";
  text(button, isDrained ? "Put back" : "Drain");
  button.setAttribute("aria-label", `${button.textContent} ${one.address} of ${one.cluster}`);
}
