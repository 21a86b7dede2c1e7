// What is wrong, in sentences.

import { healthOf } from "./clusters.js";
import { sum, whole } from "./format.js";
import { failures } from "./outcomes.js";
import { keyOf, lately, samples } from "./samples.js";

export function troublesOf(health, clusters = []) {
  const troubles = [];
  const add = (level, what, details = [], key = what) => troubles.push({ level, what, details, key });
  for (const reason of health.notReady) {
    add("bad", reason);
  }

  for (const reason of health.degraded) {
    add("warn", reason, reason.includes("change of the routes was refused") ? firstOf(health.lastReload.errors) : []);
  }

  for (const { cluster, destinations } of clusters) {
    for (const one of destinations) {
      if (one.drained) {
        add("warn", `an operator has drained ${one.address} of cluster '${cluster}'`, [one.destination], `drained ${keyOf(cluster, one)}`);
      } else if (!one.available && destinations.some((other) => other.available)) {
        add("warn", `${one.address} of cluster '${cluster}' gets no requests (${healthOf(one.health)})`, [one.destination], `unavailable ${keyOf(cluster, one)}`);
      }
    }
  }

  if (samples.length > 1) {
    addTraffic(add);
  }

  return troubles;
}

/** The list of the configuration has all of them. */
const firstOf = (mistakes) => mistakes.length > 2 ? [...mistakes.slice(0, 2), `And ${mistakes.length - 2} more mistakes.`] : mistakes;

function addTraffic(add) {
  const failed = failures.map((outcome) => [outcome, lately((sample) => sample.calls[outcome] ?? 0)]).filter(([, count]) => count > 0);
  if (failed.length > 0) {
    add("warn", `${whole(sum(failed.map(([, count]) => count)))} calls failed in the last minute`, [failed.map(([outcome, count]) => `${outcome} ${whole(count)}`).join(", ")], "failed");
  }

  const slow = lately((sample) => sample.traffic.slowConsumers);
  if (slow > 0) {
    add("warn", `${whole(slow)} sockets were closed in the last minute because they did not read their events`, [], "slow");
  }

  const limited = lately((sample) => sample.traffic.limited);
  if (limited > 0) {
    add("warn", `${whole(limited)} calls were refused by a rate limit in the last minute`, [], "limited");
  }

  const lost = lately((sample) => sample.traffic.lost);
  if (lost > 0) {
    add("bad", `${whole(lost)} events did not reach other gateways in the last minute`, [], "lost");
  }
}
