// The management page. It asks the gateway every two seconds and shows what it hears. Everything that comes from there is set as text.

const interval = 2000;
const patience = 5000;
const samplesKept = 60;
const tokenKey = "gateway-management-token";

/** Calls that failed through no fault of the client; the names are those of the metric. */
const failures = ["sub-service-failed", "no-instance", "overloaded", "timed-out", "session-store-down", "internal"];

const $ = (id) => document.getElementById(id);

const state = {
  /** What was heard, newest last: { seconds, traffic, running, destinations }. Rates come from two of them. */
  samples: [],
  startedAt: "",
  revision: "",
  routes: [],
  heardAt: 0,
  failure: "",
};

// ---- Talking to the gateway

class Refused extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

async function ask(path, { method = "GET", body, limit = patience } = {}) {
  const token = sessionStorage.getItem(tokenKey);
  const response = await fetch(path, {
    method,
    body,
    cache: "no-store",
    headers: token ? { Authorization: `Bearer ${token}` } : {},
    signal: AbortSignal.timeout(limit),
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok && path !== "/readyz") {
    throw new Refused(response.status, answer.error ?? `The gateway answered ${response.status}.`);
  }

  return answer;
}

const post = (path, query = {}, body) => ask(`${path}?${new URLSearchParams(query)}`, { method: "POST", body, limit: 15_000 });

let looking = Promise.resolve();

/** One look after the other, so that what is heard comes in order. */
const look = () => looking = looking.then(lookOnce);

async function lookOnce() {
  try {
    await lookAtAll();
    state.heardAt = Date.now();
    state.failure = "";
  } catch (error) {
    state.failure = error instanceof Refused ? error.message : "The gateway does not answer.";
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

    await showHealthAlone(error);
    return;
  }

  const isProxy = status.roles.includes("proxy");
  const clusters = isProxy ? await ask("/admin/clusters") : [];
  const revision = `${status.startedAt} ${status.health.lastReload?.revision} ${status.health.lastReload?.appliedAt}`;
  if (isProxy && revision !== state.revision) {
    state.routes = await ask("/admin/routes");
    state.revision = revision;
    showRoutes();
  }

  remember(status, clusters);
  show(status, clusters, isProxy);
}

/** Who may not see the rest is at least told how the gateway is. */
async function showHealthAlone(refusal) {
  const health = await ask("/readyz");
  const hasToken = sessionStorage.getItem(tokenKey) !== null;
  text($("entry-text"), refusal.status === 403 ? refusal.message
    : hasToken ? "The gateway does not know this token. It may have been changed." : "The rest is shown to whoever has the management token.");
  $("token-form").hidden = refusal.status === 403;
  $("entry").hidden = false;
  $("forget").hidden = true;
  $("all").hidden = true;
  text($("identity"), "");
  showHealth(health, troublesOf(health));
}

// ---- Rates

function remember(status, clusters) {
  if (status.startedAt !== state.startedAt) {
    state.samples = [];
    state.startedAt = status.startedAt;
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
  traffic.limited = calls["rate-limited"] ?? 0;
  // One look too many, after a button, must not make a rate out of a moment.
  if (state.samples.length > 1 && status.uptimeSeconds - state.samples.at(-2).seconds < interval / 1000) {
    state.samples.pop();
  }

  state.samples.push({ seconds: status.uptimeSeconds, traffic, calls, running, destinations });
  state.samples = state.samples.slice(-samplesKept);
}

/** What came in a second, over the last `span` seconds; null until two answers are there. */
function rate(count, span = 10) {
  const newest = state.samples.at(-1);
  const oldest = state.samples.find((sample) => newest.seconds - sample.seconds <= span);
  return between(oldest, newest, count);
}

function between(older, newer, count) {
  const seconds = newer.seconds - older.seconds;
  return seconds > 0 ? Math.max(0, (count(newer) - count(older)) / seconds) : null;
}

/** How many came within the last minute. */
function lately(count) {
  const perSecond = rate(count, 60);
  const newest = state.samples.at(-1);
  const oldest = state.samples.find((sample) => newest.seconds - sample.seconds <= 60);
  return perSecond === null ? 0 : Math.round(perSecond * (newest.seconds - oldest.seconds));
}

const ratesOf = (count) => state.samples.slice(1).map((sample, i) => between(state.samples[i], sample, count) ?? 0);

// ---- What is wrong

function troublesOf(health, clusters = []) {
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

  if (state.samples.length > 1) {
    addTraffic(add);
  }

  return troubles;
}

/** The list below has all of them. */
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

// ---- Showing

function show(status, clusters, isProxy) {
  $("entry").hidden = true;
  $("all").hidden = false;
  $("forget").hidden = sessionStorage.getItem(tokenKey) === null;
  $("read-only").hidden = status.canChange;
  document.body.classList.toggle("read-only", !status.canChange);
  document.body.classList.toggle("no-proxy", !isProxy);
  text($("identity"), [status.node, `version ${status.version.split("+")[0]}`, `up ${duration(status.uptimeSeconds)}`, status.roles.join(" and ")].join("  ·  "));
  showHealth(status.health, troublesOf(status.health, clusters), status.node);
  showTiles(status, isProxy);
  showConfiguration(status.health.lastReload);
  showClusters(clusters);
}

function showHealth(health, troubles, node = location.host) {
  const name = { ready: "Ready", degraded: "Degraded", "not-ready": "Not ready" }[health.status];
  document.body.dataset.state = health.status;
  text($("status"), name);
  document.title = `${name} · ${node} · Gateway`;
  $("fine").hidden = troubles.length > 0;
  troubles.sort((a, b) => (a.level === "bad" ? 0 : 1) - (b.level === "bad" ? 0 : 1));
  sync($("troubles"), troubles, (trouble) => trouble.key, () => element("li", {}, element("span", { class: "level" }), element("span")), (item, trouble) => {
    item.dataset.level = trouble.level;
    text(item.children[0], trouble.level === "bad" ? "Problem" : "Warning");
    text(item.children[1], trouble.what.charAt(0).toUpperCase() + trouble.what.slice(1));
    while (item.children.length > 2 + trouble.details.length) {
      item.lastChild.remove();
    }

    trouble.details.forEach((detail, i) => text(item.children[2 + i] ?? item.appendChild(element("span", { class: "detail" })), detail));
  });
}

function showTiles(status, isProxy) {
  const { samples } = state;
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
  const step = 100 / (samplesKept - 1);
  return values.map((value, i) => `${(100 - (values.length - 1 - i) * step).toFixed(2)},${(22 - (value / most) * 20).toFixed(2)}`).join(" ");
}

function showConfiguration(reload) {
  if (!reload) {
    return;
  }

  const words = { applied: "The last change was taken over", refused: "The last change was refused", unchanged: "The files were read again and say the same" };
  $("configuration").replaceChildren(
    element("span", { class: reload.result === "refused" ? "warn" : "" }, `${words[reload.result]} at ${clock(reload.at)}.`),
    " In use is revision ", element("code", {}, reload.revision), `, since ${clock(reload.appliedAt)}.`);
  sync($("mistakes"), reload.errors, (error) => error, () => element("li"), text);
  text($("restart"), reload.waitForRestart.length > 0 ? `These settings have changed and wait for a restart: ${reload.waitForRestart.join(", ")}.` : "");
}

function showClusters(clusters) {
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

function makeCluster(cluster) {
  return element("tbody", {}, element("tr", { class: "group" }, element("th", { scope: "rowgroup", colspan: "7", title: `Written in ${cluster.origin}` }, element("b"), element("span"))));
}

function makeDestination(one) {
  const button = element("button");
  button.addEventListener("click", () => steer(button, one));
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

/** Checks that are not switched on are no news. */
const healthOf = (health) => health.split(", ").filter((check) => !check.endsWith("Unknown")).join(", ") || "not checked";

function showRoutes() {
  const words = $("filter").value.toLowerCase().split(/\s+/);
  const shown = state.routes.filter((route) => {
    const all = Object.values(route).flat().join(" ").toLowerCase();
    return words.every((word) => all.includes(word));
  });
  text($("routes-note"), shown.length === state.routes.length ? `${shown.length} in force` : `${shown.length} of ${state.routes.length}`);
  sync($("routes").tBodies[0], shown, (route) => route.route, makeRoute, (row, route) => {
    const [path, rpc, cluster, limit, origin] = row.children;
    text(path.firstChild, route.path ?? "any path");
    text(path.lastChild, [route.methods.join(" "), route.route].filter(Boolean).join("  ·  "));
    text(rpc, route.rpc ?? "");
    text(cluster, route.cluster ?? "");
    text(limit, route.rateLimit ?? "");
    text(origin, route.origin.split("/").at(-1));
    origin.title = route.origin;
  });
}

const makeRoute = () => element("tr", {},
  element("td", {}, element("span"), element("span", { class: "origin" })),
  element("td", { "data-label": "RPC", class: "wide" }),
  ...["Cluster", "Limit", "Written in"].map((label) => element("td", { "data-label": label, class: "short" })));

function showFreshness() {
  const age = Date.now() - state.heardAt;
  const isStale = state.failure !== "" || (state.heardAt > 0 && age > patience);
  if (isStale) {
    document.body.dataset.state = "silent";
    text($("status"), "No answer");
    document.title = `No answer · ${location.host} · Gateway`;
    text($("stale"), state.heardAt > 0 ? `${state.failure || "The gateway does not answer."} What you see is from ${clock(state.heardAt)}.` : state.failure);
  }

  $("stale").hidden = !isStale;
  text($("fresh"), state.heardAt === 0 ? "" : isStale ? `heard ${duration(age / 1000)} ago` : "live");
}

// ---- Steering

async function steer(button, one) {
  const isDrain = button.dataset.action === "drain";
  if (isDrain && !await confirmed(`Drain ${one.address}? It gets no new calls of ${one.cluster} from this gateway; those under way end as they would.`, "Drain")) {
    return;
  }

  await act(button, async () => {
    await post(`/admin/${button.dataset.action}`, { cluster: one.cluster, destination: one.destination });
    return isDrain ? `${one.address} is drained.` : `${one.address} is back.`;
  });
}

async function reload() {
  const answer = await post("/admin/reload");
  return answer.result === "refused" ? "Refused: those in use stay. The mistakes are listed." : answer.result === "applied" ? "The changed routes are in use." : "The files say what is in use already.";
}

async function find() {
  const user = $("user").value;
  const sockets = await ask(`/admin/sockets?${new URLSearchParams({ user })}`);
  $("found").hidden = false;
  $("found").dataset.user = user;
  text($("found-text"), sockets.length === 0 ? `${user} has no socket open, on no gateway.` : `${user} has ${sockets.length === 1 ? "one socket" : `${sockets.length} sockets`} open.`);
  $("sockets").hidden = sockets.length === 0;
  $("disconnect").hidden = sockets.length === 0;
  const labels = ["Socket", "Gateway", "Protocol", "Open since"];
  sync($("sockets").tBodies[0], sockets, (socket) => socket.socket, () => element("tr", {}, ...labels.map((label) => element("td", { "data-label": label }))), (row, socket) =>
    [socket.socket, socket.node, socket.protocol, clock(socket.since)].forEach((value, i) => text(row.children[i], value)));
}

async function publish() {
  const { user } = $("found").dataset;
  const { sockets } = await post("/admin/publish", { user });
  return sockets === 0 ? `${user} has no socket open; the event went nowhere.` : `The test event is on its way to ${sockets === 1 ? "one socket" : `${sockets} sockets`}.`;
}

async function disconnect(button) {
  const { user } = $("found").dataset;
  if (await confirmed(`Close all sockets of ${user}, on all gateways? The session stays, but clients take this for its end and ask for a login.`, "Close all")) {
    await act(button, async () => {
      await post("/admin/disconnect", { user });
      await find();
      return `The sockets of ${user} are being closed.`;
    });
  }
}

async function disconnectSession(button) {
  const field = $("session");
  if (await confirmed("Close the sockets of this session, on all gateways?", "Close them")) {
    await act(button, async () => {
      const { user } = await post("/admin/disconnect", {}, JSON.stringify({ session: field.value }));
      field.value = "";
      return `The sockets of that session of ${user} are being closed.`;
    });
  }
}

/** Does what a button is for, and says how it ended. */
async function act(button, work) {
  button.disabled = true;
  try {
    say(await work());
    await look();
  } catch (error) {
    say(error instanceof Refused ? error.message : "The gateway did not answer; whether it was done is not known.");
  } finally {
    button.disabled = false;
  }
}

function confirmed(question, yes) {
  const dialog = $("confirm");
  text($("confirm-text"), question);
  text($("confirm-yes"), yes);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }));
}

let silence;
function say(words) {
  if (!words) {
    return;
  }

  const said = $("said");
  text(said, words);
  said.hidden = false;
  clearTimeout(silence);
  silence = setTimeout(() => { said.hidden = true; }, 6000);
}

// ---- Small things

const sum = (numbers) => numbers.reduce((all, one) => all + one, 0);
const keyOf = (cluster, one) => `${cluster} ${one.destination}`;
const whole = (number) => Math.round(number).toLocaleString("en");
const decimal = (number) => number === null ? "–" : number > 0 && number < 10 ? number.toFixed(1) : whole(number);

function clock(time) {
  const at = new Date(time);
  const day = at.toDateString() === new Date().toDateString() ? "" : `${at.toLocaleDateString("en-GB", { day: "numeric", month: "short" })} `;
  return day + at.toLocaleTimeString("en-GB");
}

function duration(seconds) {
  const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const first = Math.max(0, units.findIndex(([, size]) => seconds >= size));
  const [[name, size], next] = [units[seconds < 1 ? 3 : first], units[first + 1]];
  const rest = next && first < 2 ? Math.floor((seconds % size) / next[1]) : 0;
  return `${Math.floor(seconds / size)} ${name}${rest > 0 ? ` ${rest} ${next[0]}` : ""}`;
}

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    made.setAttribute(key, value);
  }

  made.append(...children);
  return made;
}

/** Leaves what has not changed alone, so that marked text stays marked. */
function text(node, value) {
  if (node.textContent !== value) {
    node.textContent = value;
  }
}

const lists = new WeakMap();

/** Makes the children after the first `skip` those of the items. A child stays itself as long as its item is there, and so keeps the focus. */
function sync(parent, items, nameOf, make, update, skip = 0) {
  const old = lists.get(parent) ?? new Map();
  const next = new Map();
  for (const item of items) {
    const name = nameOf(item);
    if (!next.has(name)) {
      next.set(name, [old.get(name)?.[0] ?? make(item), item]);
    }
  }

  for (const [name, [node]] of old) {
    if (!next.has(name)) {
      node.remove();
    }
  }

  lists.set(parent, next);
  let place = parent.children[skip] ?? null;
  for (const [node, item] of next.values()) {
    update(node, item);
    if (node === place) {
      place = place.nextElementSibling;
    } else {
      parent.insertBefore(node, place);
    }
  }
}

// ---- Beginning

$("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(tokenKey, $("token").value.trim());
  $("token").value = "";
  look();
});
$("forget").addEventListener("click", () => {
  sessionStorage.removeItem(tokenKey);
  location.reload();
});
$("filter").addEventListener("input", showRoutes);
$("user-form").addEventListener("submit", (event) => {
  event.preventDefault();
  act(event.submitter ?? event.target.querySelector("button"), find);
});
$("session-form").addEventListener("submit", (event) => {
  event.preventDefault();
  disconnectSession(event.submitter ?? event.target.querySelector("button"));
});
$("reload").addEventListener("click", (event) => act(event.currentTarget, reload));
$("publish").addEventListener("click", (event) => act(event.currentTarget, publish));
$("disconnect").addEventListener("click", (event) => disconnect(event.currentTarget));
$("confirm-yes").addEventListener("click", () => $("confirm").close("yes"));
$("confirm-no").addEventListener("click", () => $("confirm").close());
document.addEventListener("visibilitychange", () => document.hidden || look());
setInterval(showFreshness, 1000);

while (true) {
  await look();
  await new Promise((resolve) => setTimeout(resolve, interval));
}
