// A look at the gateway: asks it for all that the page shows, and shows it.

import { showClusters } from "./clusters.js";
import { showConfiguration } from "./configuration.js";
import { $, text } from "./elements.js";
import { clock, duration } from "./format.js";
import { ask, patience, Refused, token } from "./gateway.js";
import { showHealth } from "./health.js";
import { setRoutes, showRoutes } from "./routes.js";
import { showTiles } from "./tiles.js";
import { hearTraffic } from "./traffic.js";
import { troublesOf } from "./troubles.js";

let looking = Promise.resolve();
let heardAt = 0;
let failure = "";
let revision = "";

/** One look after the other, so that what is heard comes in order. */
export const look = () => looking = looking.then(lookOnce);

export function showFreshness() {
  const age = Date.now() - heardAt;
  const isStale = failure !== "" || (heardAt > 0 && age > patience);
  if (isStale) {
    document.body.dataset.state = "silent";
    text($("status"), "No answer");
    document.title = `No answer · ${location.host} · Gateway`;
    text($("stale"), heardAt > 0 ? `${failure || "The gateway does not answer."} What you see is from ${clock(heardAt)}.` : failure);
  }

  $("stale").hidden = !isStale;
  text($("fresh"), heardAt === 0 ? "" : isStale ? `heard ${duration(age / 1000)} ago` : "live");
}

async function lookOnce() {
  try {
    await lookAtAll();
    heardAt = Date.now();
    failure = "";
  } catch (error) {
    failure = error instanceof Refused ? error.message : "The gateway does not answer.";
  }

  showFreshness();
}

async function lookAtAll() {
  let status;
  try {
    status = await ask("/admin/status");
  } catch (error) {
    if (!(error instanceof Refused && (error.status === 401 || error.status === 403))) {
      throw error;
    }

    showEntry(error);
    return;
  }

  const isProxy = status.roles.includes("proxy");
  const clusters = isProxy ? await ask("/admin/clusters") : [];
  const current = `${status.startedAt} ${status.health.lastReload?.revision} ${status.health.lastReload?.appliedAt}`;
  if (isProxy && current !== revision) {
    setRoutes(await ask("/admin/routes"));
    revision = current;
  }

  await hearTraffic();
  show(status, clusters, isProxy);
}

/** How the gateway is, is not said beside a token that it does not know. */
function showEntry(refusal) {
  text($("entry-text"), refusal.status === 403 ? refusal.message
    : token.isKnown() ? "The gateway does not know this token. It may have been changed." : "Everything is shown to whoever has the management token.");
  $("token-form").hidden = refusal.status === 403;
  $("entry").hidden = false;
  $("forget").hidden = true;
  $("all").hidden = true;
  $("read-only").hidden = true;
  $("trouble").hidden = true;
  text($("identity"), "");
  document.body.dataset.state = "locked";
  document.title = `${location.host} · Gateway`;
  text($("status"), "Gateway");
}

function show(status, clusters, isProxy) {
  $("entry").hidden = true;
  $("all").hidden = false;
  $("trouble").hidden = false;
  $("forget").hidden = !token.isKnown();
  $("read-only").hidden = status.canChange;
  document.body.classList.toggle("read-only", !status.canChange);
  document.body.classList.toggle("no-proxy", !isProxy);
  text($("identity"), [status.node, `version ${status.version.split("+")[0]}`, `up ${duration(status.uptimeSeconds)}`, status.roles.join(" and ")].join("  ·  "));
  showHealth(status.health, troublesOf(status.health), status.node);
  showTiles(isProxy);
  showConfiguration(status.health.lastReload);
  showClusters(clusters, status.health);
  showRoutes();
}
