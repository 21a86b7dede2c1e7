// What is wrong, in sentences: the gateway's own, and what the last minute's counts tell beside. The worst is first.

import { counted, sum, whole } from "./format.js";
import { failures } from "./outcomes.js";
import { lately, traffic } from "./traffic.js";

export function troublesOf(health) {
  const troubles = [];
  const add = (level, what, details = [], key = what) => troubles.push({ level, what, details, key });
  for (const [level, reasons] of [["not-ready", health.notReady], ["outage", health.outages], ["degraded", health.degraded]]) {
    for (const reason of reasons) {
      add(level, reason, reason.includes("change of the routes was refused") ? firstOf(health.lastReload.errors) : []);
    }
  }

  if (traffic) {
    addTraffic(add);
  }

  return troubles;
}

/** The list of the configuration has all of them. */
const firstOf = (mistakes) => mistakes.length > 3 ? [...mistakes.slice(0, 2), `And ${mistakes.length - 2} more mistakes.`] : mistakes;

function addTraffic(add) {
  const failed = lately(failures);
  if (failed.length > 0) {
    add("degraded", `calls that failed in the last minute: ${whole(sum(failed.map(([, count]) => count)))}`, [counted(failed)], "failed");
  }

  const { slowConsumers, lost } = traffic.lastMinute;
  if (slowConsumers > 0) {
    add("degraded", `sockets closed in the last minute because they did not read their events: ${whole(slowConsumers)}`, [], "slow");
  }

  const [[, limited] = []] = lately(["rate-limited"]);
  if (limited > 0) {
    add("degraded", `calls that a rate limit refused in the last minute: ${whole(limited)}`, [], "limited");
  }

  if (lost > 0) {
    add("degraded", `events that did not reach other gateways in the last minute: ${whole(lost)}`, [], "lost");
  }
}
