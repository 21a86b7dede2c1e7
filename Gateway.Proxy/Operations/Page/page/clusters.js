// The table of clusters and their destinations.

import { $, element, sync, text } from "./elements.js";
import { decimal, whole } from "./format.js";
import { keyOf, rate } from "./samples.js";

export function showClusters(clusters) {
  const all = clusters.flatMap(({ destinations }) => destinations);
  text($("clusters-note"), `${clusters.length} clusters, ${all.filter((one) => one.available).length} of ${all.length} destinations available`);
  sync($("clusters"), clusters, (cluster) => cluster.cluster, makeCluster, (body, cluster) => {
    const [name, count] = body.firstChild.firstChild.childNodes;
    text(name, cluster.cluster);
    text(count, cluster.destinations.length === 0 ? "no destination"
      : `${cluster.destinations.filter((one) => one.available).length} of ${cluster.destinations.length} available`);
    const rows = cluster.destinations.map((one) => ({ ...one, cluster: cluster.cluster }));
    sync(body, rows, (one) => one.destination, makeDestination, showDestination, 1);
  }, 1);
}

/** Checks that are not switched on are no news. */
export const healthOf = (health) => health.split(", ").filter((check) => !check.endsWith("Unknown")).join(", ") || "not checked";

function makeCluster(cluster) {
  return element("tbody", {}, element("tr", { class: "group" }, element("th", { scope: "rowgroup", colspan: "7", title: `Written in ${cluster.origin}` }, element("b"), element("span"))));
}

function makeDestination(one) {
  const button = element("button");
  Object.assign(button.dataset, { cluster: one.cluster, destination: one.destination, address: one.address });
  return element("tr", {},
    element("td", {}, element("span"), element("span", { class: "origin" })),
    element("td", { "data-label": "State" }, element("span", { class: "state" })),
    element("td", { "data-label": "Health", class: "short" }),
    element("td", { "data-label": "Under way", class: "number" }),
    element("td", { "data-label": "Calls/s", class: "number" }),
    element("td", { "data-label": "Failed/s", class: "number" }),
    element("td", { class: "steer" }, button));
}

function showDestination(row, one) {
  const [name, standing, health, running, calls, failed, action] = row.children;
  const key = keyOf(one.cluster, one);
  const count = (field) => (sample) => sample.destinations.get(key)?.[field] ?? 0;
  const failing = rate(count("failedCalls"));
  text(name.firstChild, one.address);
  text(name.lastChild, one.origin);
  const [level, word] = one.drained ? ["warn", "drained"] : one.available ? ["good", "available"] : ["bad", "unavailable"];
  standing.firstChild.dataset.level = level;
  text(standing.firstChild, word);
  text(health, healthOf(one.health));
  text(running, whole(one.runningRequests));
  text(calls, decimal(rate(count("calls"))));
  text(failed, decimal(failing));
  failed.classList.toggle("warn", failing > 0);
  const button = action.firstChild;
  button.dataset.action = one.drained ? "undrain" : "drain";
  text(button, one.drained ? "Put back" : "Drain");
  button.setAttribute("aria-label", `${button.textContent} ${one.address} of ${one.cluster}`);
}
