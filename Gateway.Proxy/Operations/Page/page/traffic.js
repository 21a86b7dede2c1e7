// What goes through the gateway, as it has said last.

import { ask } from "./gateway.js";

/** From one point of the history to the next, in seconds. */
export const period = 10;

/** Of the last seconds and the last minute: { now, lastMinute, clusters, routes, canaries }. */
export let traffic = null;

/** A point for every ten seconds of the last hour, newest last. */
export let history = [];
let askedAt = 0;

export async function hearTraffic() {
  traffic = await ask("/admin/traffic");
  if (Date.now() - askedAt >= period * 1000) {
    askedAt = Date.now();
    history = await ask("/admin/traffic/history");
  }
}

/** How many calls of the last minute ended as one of these: [outcome, count] of those that did. */
export const lately = (outcomes) => outcomes.map((outcome) => [outcome, traffic?.lastMinute.outcomes[outcome] ?? 0]).filter(([, count]) => count > 0);
