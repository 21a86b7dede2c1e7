// What was heard lately, and the rates that come from two answers.

import { sum } from "./format.js";
import { interval } from "./gateway.js";
import { failures, rateLimited } from "./outcomes.js";

export const kept = 60;

/** Newest last: { seconds, traffic, calls, running, destinations }. */
export let samples = [];
let startedAt = "";

export const keyOf = (cluster, one) => `${cluster} ${one.destination}`;

export function remember(status, clusters) {
  if (status.startedAt !== startedAt) {
    samples = [];
    startedAt = status.startedAt;
  }

  const destinations = new Map();
  let running = 0;
  for (const { cluster, destinations: all } of clusters) {
    for (const one of all) {
      destinations.set(keyOf(cluster, one), one);
      running += one.runningRequests;
    }
  }

  const { calls, ...traffic } = status.traffic;
  traffic.calls = sum(Object.values(calls));
  traffic.failed = sum(failures.map((outcome) => calls[outcome] ?? 0));
  traffic.limited = calls[rateLimited] ?? 0;
  // One look too many, after a button, must not make a rate out of a moment.
  if (samples.length > 1 && status.uptimeSeconds - samples.at(-2).seconds < interval / 1000) {
    samples.pop();
  }

  samples.push({ seconds: status.uptimeSeconds, traffic, calls, running, destinations });
  samples = samples.slice(-kept);
}

/** What came in a second, over the last `span` seconds; null until two answers are there. */
export function rate(count, span = 10) {
  const newest = samples.at(-1);
  const oldest = samples.find((sample) => newest.seconds - sample.seconds <= span);
  return between(oldest, newest, count);
}

/** How many came within the last minute. */
export function lately(count) {
  const perSecond = rate(count, 60);
  const newest = samples.at(-1);
  const oldest = samples.find((sample) => newest.seconds - sample.seconds <= 60);
  return perSecond === null ? 0 : Math.round(perSecond * (newest.seconds - oldest.seconds));
}

export const ratesOf = (count) => samples.slice(1).map((sample, i) => between(samples[i], sample, count) ?? 0);

function between(older, newer, count) {
  const seconds = newer.seconds - older.seconds;
  return seconds > 0 ? Math.max(0, (count(newer) - count(older)) / seconds) : null;
}
