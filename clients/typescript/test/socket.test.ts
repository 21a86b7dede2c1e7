import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { afterEach, beforeEach, mock, test } from "node:test";
import { fromBinary } from "@bufbuild/protobuf";
import { GatewaySession, NotifySocket, type NotifySocketOptions, type SessionProvider } from "../src/index.js";
import { FakeWebSocket } from "./fakeWebSocket.js";
import { ClientAuthenticationReqSchema } from "./messages/gateway_pb.js";
import { NotifyMessageSchema, type NotifyMessage } from "./messages/notify_pb.js";

// What the vectors do not see: the WebSocket, the timers, promises, sessions, the storage, and what the browser tells of network and page.

let page: EventTarget & { hidden: boolean };
let network: EventTarget & { onLine: boolean };
let elapsed: number;
let told: string[];
let session: GatewaySession;
let socket: NotifySocket<NotifyMessage>;

/** Lets time pass for timers and clocks alike. */
async function pass(milliseconds: number): Promise<void> {
  for (const end = elapsed + milliseconds; elapsed < end;) {
    elapsed += 500;
    mock.timers.tick(500);
    await settle();
  }
}

/** The device sleeps: the clock goes on, timers do not. */
function sleep(milliseconds: number): void {
  mock.timers.setTime(Date.now() + milliseconds);
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A provider that gives these one after another, and writes down why it is asked. What is an error it throws. */
function sessions(...answers: (string | Error | undefined)[]): SessionProvider {
  return (reason) => {
    told.push(reason);
    const answer = answers.shift();
    if (answer instanceof Error) {
      throw answer;
    }

    return answer;
  };
}

/** Starts the socket, with handlers that write down what they are told. */
async function started(own: Partial<NotifySocketOptions<NotifyMessage>> = {}, provider: SessionProvider = () => "s-1"): Promise<FakeWebSocket> {
  session = new GatewaySession(provider);
  socket = new NotifySocket<NotifyMessage>({
    url: "ws://gateway/ws",
    session,
    decode: (event) => fromBinary(NotifyMessageSchema, event),
    onEvent: (event) => void told.push(event.notifyEventId),
    onLoad: () => void told.push("load"),
    onFailure: (error) => told.push(String(error)),
    onResumed: (missed) => told.push(`resumed ${missed}`),
    onReconnecting: () => told.push("reconnecting"),
    onAuthenticated: () => told.push("authenticated"),
    onEnd: ({ code }) => told.push(`end ${code}`),
    ...own,
  });
  socket.start();
  await settle();
  return FakeWebSocket.last;
}

/** The same, and the gateway has let it in. */
async function joined(own: Partial<NotifySocketOptions<NotifyMessage>> = {}, provider?: SessionProvider): Promise<FakeWebSocket> {
  const connection = await started(own, provider);
  connection.letsIn();
  await settle();
  return connection;
}

beforeEach(() => {
  page = Object.assign(new EventTarget(), { hidden: false });
  network = Object.assign(new EventTarget(), { onLine: true });
  elapsed = 0;
  told = [];
  FakeWebSocket.all = [];
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  mock.method(performance, "now", () => elapsed);
  mock.method(Math, "random", () => 0);
  Object.assign(globalThis, {
    WebSocket: FakeWebSocket,
    document: page,
    navigator: network,
    addEventListener: network.addEventListener.bind(network),
    removeEventListener: network.removeEventListener.bind(network),
  });
});

afterEach(() => {
  socket.stop();
  mock.timers.reset();
  mock.restoreAll();
});

test("Start_OffersTheSubprotocolAndSaysHello", async () => {
  const connection = await joined();

  assert.equal(connection.url, "ws://gateway/ws");
  assert.equal(connection.subprotocol, "gateway.notify.v2");
  assert.deepEqual(connection.sent, ["hello s-1"]);
  assert.deepEqual(told, ["load"]);
});

test("Close_ConnectsAgainASecondLater", async () => {
  const connection = await joined();
  connection.onclose!({ code: 1006, reason: "" });
  await pass(500);
  assert.equal(FakeWebSocket.last, connection);

  await pass(500);
  assert.notEqual(FakeWebSocket.last, connection);
  assert.equal(connection.onmessage, null);
});

test("Network_Goes_TheConnectionIsGivenUpAtOnce", async () => {
  const connection = await joined();
  network.dispatchEvent(new Event("offline"));
  assert.equal(connection.isClosed, true);
  assert.deepEqual(told, ["load", "reconnecting"]);

  // Once more changes nothing: the next connection has its time already.
  network.dispatchEvent(new Event("offline"));
  assert.deepEqual(told, ["load", "reconnecting"]);
  await pass(600_000);
  assert.equal(FakeWebSocket.last, connection);

  // Nor does it help to look at the page.
  network.onLine = false;
  page.dispatchEvent(new Event("visibilitychange"));
  assert.equal(FakeWebSocket.last, connection);

  network.onLine = true;
  network.dispatchEvent(new Event("online"));
  FakeWebSocket.last.onopen!();
  assert.deepEqual(FakeWebSocket.last.sent, ["hello s-1 e-1/0"]);
});

test("Network_MissingAtTheStart_TheFirstAttemptWaitsForIt", async () => {
  network.onLine = false;
  await started();
  await pass(600_000);
  assert.equal(FakeWebSocket.all.length, 0);

  network.onLine = true;
  network.dispatchEvent(new Event("online"));
  assert.equal(FakeWebSocket.all.length, 1);
});

for (const host of ["localhost", "127.0.0.1:9001", "[::1]:9001"]) {
  test(`Network_Gone_DoesNotMatterTo_${host}`, async () => {
    network.onLine = false;
    const connection = await joined({ url: `ws://${host}/ws` });
    network.dispatchEvent(new Event("offline"));
    assert.deepEqual(told, ["load", "reconnecting"]);

    await pass(1_000);
    assert.notEqual(FakeWebSocket.last, connection);
  });
}

for (const [name, hint] of Object.entries({
  Network_ComesBack: () => network.dispatchEvent(new Event("online")),
  Page_IsShown: () => page.dispatchEvent(new Event("visibilitychange")),
  Device_WakesUp: () => sleep(60_000),
})) {
  test(`${name}_ADeadConnectionIsReplaced`, async () => {
    const connection = await joined();
    await pass(5_000);
    hint();
    await pass(1_000);
    assert.deepEqual(connection.sent, ["hello s-1", "resume e-1/0"]);
    assert.equal(connection.isClosed, false);

    await pass(3_000);
    assert.equal(connection.isClosed, true);
    assert.deepEqual(told, ["load", "reconnecting"]);
  });
}

test("Page_IsHidden_NothingIsAsked", async () => {
  const connection = await joined();
  page.hidden = true;
  page.dispatchEvent(new Event("visibilitychange"));
  sleep(60_000);
  await pass(2_000);
  assert.deepEqual(connection.sent, ["hello s-1"]);
});

test("Message_ThatIsNoFrame_EndsTheConnection", async () => {
  const connection = await joined();
  connection.onmessage!({ data: new Uint8Array([0xff]).buffer });
  assert.equal(connection.isClosed, true);
  assert.deepEqual(told, ["load", "reconnecting"]);
});

test("Handler_ReturnsAPromise_TheNextEventWaitsForIt", async () => {
  const { promise, resolve } = withResolvers();
  const connection = await joined({
    onEvent: async (event) => {
      told.push(`${event.notifyEventId} begins`);
      await promise;
      told.push(`${event.notifyEventId} ends`);
    },
  });
  connection.saysEvent(1);
  connection.saysEvent(2);
  await settle();
  assert.deepEqual(told, ["load", "1 begins"]);

  resolve();
  await settle();
  assert.deepEqual(told, ["load", "1 begins", "1 ends", "2 begins", "2 ends"]);
});

for (const [name, onEvent] of Object.entries({
  Throws: () => {
    throw new Error("no");
  },
  Rejects: () => Promise.reject(new Error("no")),
})) {
  test(`Handler_${name}_IsToldAndEverythingIsLoadedASecondLater`, async () => {
    const connection = await joined({ onEvent });
    connection.saysEvent(1);
    await settle();
    assert.deepEqual(told, ["load", "Error: no"]);

    await pass(1_000);
    assert.deepEqual(told, ["load", "Error: no", "load"]);
  });
}

test("Handler_NeverDone_KeepsNoMoreThanAThousandEvents", async () => {
  const { promise, resolve } = withResolvers();
  const connection = await joined({ onEvent: () => promise });
  for (let sequence = 1; sequence <= 1_002; sequence++) {
    connection.saysEvent(sequence);
  }

  resolve();
  await settle();
  assert.deepEqual(told, ["load", "load"]);
});

test("Stop_NothingIsToldAnyMore", async () => {
  const { promise, resolve } = withResolvers();
  const connection = await joined({ onEvent: () => promise.then(() => Promise.reject(new Error("late"))) });
  connection.saysEvent(1);
  socket.stop();
  resolve();
  network.dispatchEvent(new Event("online"));
  page.dispatchEvent(new Event("visibilitychange"));
  sleep(60_000);
  await pass(120_000);

  assert.equal(connection.isClosed, true);
  assert.deepEqual(told, ["load"]);
  assert.equal(FakeWebSocket.all.length, 1);
  assert.deepEqual(["online", "offline"].flatMap((name) => getEventListeners(network, name)), []);
  assert.deepEqual(getEventListeners(page, "visibilitychange"), []);
});

test("Stop_ByAHandler_IsNotUndone", async () => {
  const connection = await joined({ onLoad: () => socket.stop() });
  assert.equal(connection.isClosed, true);

  await pass(120_000);
  assert.equal(FakeWebSocket.all.length, 1);
});

test("Event_ThatCannotBeRead_IsAFailureOfTheHandler", async () => {
  const connection = await joined({ decode: () => {
    throw new Error("unreadable");
  } });
  connection.saysEvent(1);
  await settle();
  assert.deepEqual(told, ["load", "Error: unreadable"]);
});

test("WebSocket_Missing_IsSaidAtOnce", () => {
  Object.assign(globalThis, { WebSocket: undefined });
  assert.throws(() => new NotifySocket({ ...{} as NotifySocketOptions<string>, url: "ws://gateway/ws" }), /the option WebSocket/);
});

test("WebSocket_Given_IsUsed", async () => {
  Object.assign(globalThis, { WebSocket: undefined });
  const connection = await joined({ WebSocket: FakeWebSocket });
  assert.deepEqual(connection.sent, ["hello s-1"]);
});

// Sessions

test("Session_EndsOnTheConnection_TheNextOneGoesThere", async () => {
  const connection = await joined({}, sessions("s-1", "s-2"));
  connection.says({ case: "sessionExpired", value: { deadlineMs: 30_000 } });
  await settle();
  assert.deepEqual(connection.sent, ["hello s-1", "authenticate s-2"]);

  connection.says({ case: "authenticated", value: {} });
  await settle();
  assert.deepEqual(told, ["start", "load", "ended", "authenticated"]);
});

test("Session_EndsWithTheConnection_TheNextOneResumes", async () => {
  const connection = await joined({}, sessions("s-1", "s-2"));
  connection.saysEvent(1);
  await settle();
  connection.closes(4440, "session-ended");
  await settle();
  FakeWebSocket.last.letsIn();
  assert.deepEqual(FakeWebSocket.last.sent, ["hello s-2 e-1/1"]);
  assert.deepEqual(told, ["start", "load", "1", "ended"]);
});

test("Session_TheUserTakesTime_IsAskedForOnce", async () => {
  const { promise, resolve } = withResolvers<string>();
  const connection = await joined({}, (reason) => {
    told.push(reason);
    return reason === "start" ? "s-1" : promise;
  });
  connection.says({ case: "sessionExpired", value: { deadlineMs: 20_000 } });
  await pass(20_000);
  connection.closes(4440, "session-ended");
  await pass(60_000);
  assert.deepEqual(told, ["start", "load", "ended"]);
  assert.equal(FakeWebSocket.last, connection);

  resolve("s-2");
  await settle();
  FakeWebSocket.last.letsIn();
  assert.deepEqual(FakeWebSocket.last.sent, ["hello s-2 e-1/0"]);
});

test("Session_NoOtherThere_IsTheEnd_AndNobodyIsAskedAgain", async () => {
  const connection = await joined({}, sessions("s-1", undefined));
  connection.says({ case: "sessionExpired", value: { deadlineMs: 20_000 } });
  await pass(20_000);
  connection.closes(4440, "session-ended");
  await pass(60_000);
  assert.deepEqual(told, ["start", "load", "ended", "end 4440"]);
  assert.equal(FakeWebSocket.last, connection);

  session.set("s-3");
  FakeWebSocket.last.letsIn();
  assert.deepEqual(FakeWebSocket.last.sent, ["hello s-3 e-1/0"]);
});

test("Session_NoOtherThere_ReconnectAsksAgain", async () => {
  const connection = await joined({}, sessions("s-1", "s-1", "s-2"));
  connection.closes(4401, "session-invalid");
  await settle();
  assert.deepEqual(told, ["start", "load", "ended", "end 4401"]);

  await socket.reconnect();
  assert.deepEqual(told, ["start", "load", "ended", "end 4401", "ended"]);
  assert.equal(FakeWebSocket.all.length, 2);
  FakeWebSocket.last.letsIn();
  assert.deepEqual(FakeWebSocket.last.sent, ["hello s-2 e-1/0"]);
});

test("Session_NoneAtTheStart_IsTheEnd_AndReconnectAsksAgain", async () => {
  await started({}, sessions(undefined, "s-1"));
  await settle();
  assert.deepEqual(told, ["start", "end 4401"]);
  assert.equal(FakeWebSocket.all.length, 0);

  await socket.reconnect();
  FakeWebSocket.last.letsIn();
  assert.deepEqual(FakeWebSocket.last.sent, ["hello s-1"]);
});

test("Session_RefusedAgainAndAgain_IsAskedForLessAndLess", async () => {
  let given = 0;
  await started({}, () => `s-${++given}`);
  const refuse = async () => {
    FakeWebSocket.last.onopen!();
    FakeWebSocket.last.closes(4401, "session-invalid");
    await settle();
  };
  await refuse();
  assert.equal(given, 2);
  await refuse();
  assert.equal(given, 2);
  await pass(1_000);
  assert.equal(given, 3);
  await refuse();
  await pass(1_500);
  assert.equal(given, 3);
  await pass(500);
  assert.equal(given, 4);
});

test("Session_ProviderFails_IsToldAndAskedAgainASecondLater", async () => {
  await started({}, sessions(new Error("no login"), "s-1"));
  assert.deepEqual(told, ["start", "Error: no login"]);

  await pass(1_000);
  FakeWebSocket.last.letsIn();
  assert.deepEqual(FakeWebSocket.last.sent, ["hello s-1"]);
});

test("Session_ThatSaysWhenItEnds_IsRenewedAheadOfThat", async () => {
  const times = [100_000, 100_000];
  const connection = await joined({}, (reason) => {
    told.push(reason);
    return { id: `s-${2 - times.length + 1}`, expiresAt: Date.now() + times.shift()! };
  });
  await alive(connection, 89_500);
  assert.deepEqual(told, ["start", "load"]);

  await alive(connection, 1_500);
  assert.deepEqual(told, ["start", "load", "renewal"]);
  assert.deepEqual(connection.sent.slice(-1), ["authenticate s-2"]);
});

test("Session_RenewalFails_IsToldAndTriedAgainASecondLater", async () => {
  const answers = [{ id: "s-1", expiresAt: 10_000 }, new Error("no renewal"), { id: "s-2" }];
  const connection = await joined({}, (reason) => {
    told.push(reason);
    const answer = answers.shift()!;
    if (answer instanceof Error) {
      throw answer;
    }

    return answer;
  });
  await pass(9_000);
  assert.deepEqual(told, ["start", "load", "renewal", "Error: no renewal"]);

  await pass(1_000);
  assert.deepEqual(told, ["start", "load", "renewal", "Error: no renewal", "renewal"]);
  assert.deepEqual(connection.sent.slice(-1), ["authenticate s-2"]);
});

test("Session_Changes_WhileAnotherDeviceHasThePlace_ItIsNotTakenBack", async () => {
  const connection = await joined();
  connection.closes(4409, "replaced-by-other-device");
  session.set("s-2");
  await pass(120_000);
  assert.deepEqual(told, ["load", "end 4409"]);
  assert.equal(FakeWebSocket.last, connection);

  await socket.reconnect();
  FakeWebSocket.last.letsIn();
  assert.deepEqual(FakeWebSocket.last.sent, ["hello s-2 e-1/0"]);
});

test("Stop_WhileASessionIsAskedFor_ItOpensNothing", async () => {
  const { promise, resolve } = withResolvers<string>();
  await started({}, () => promise);
  socket.stop();
  resolve("s-1");
  await pass(120_000);
  assert.equal(FakeWebSocket.all.length, 0);
});

// The saved position

/** A storage as browsers have it. */
function storage(entries: Record<string, string> = {}) {
  return { entries, getItem: (key: string) => entries[key] ?? null, setItem: (key: string, value: string) => void (entries[key] = value) };
}

test("Position_IsSavedWhenTheHandlerIsDone_AndTheNextRunGoesOnFromThere", async () => {
  const { promise, resolve } = withResolvers();
  const saved = storage();
  const connection = await joined({
    position: { storage: saved, key: "alice" },
    onEvent: (event) => event.notifyEventId === "2" ? promise : undefined,
  });
  connection.saysEvent(1);
  connection.saysEvent(2);
  await settle();
  assert.deepEqual(saved.entries, { alice: '{"epoch":"e-1","sequence":"1"}' });

  // The page is loaded again while the second event is with its handler.
  socket.stop();
  resolve();
  await settle();
  const next = await started({ position: { storage: saved, key: "alice" } });
  next.onopen!();
  assert.deepEqual(next.sent, ["hello s-1 e-1/1"]);

  next.says({ case: "welcome", value: { connectionId: "c-2", epoch: "e-1", sequence: 2n, heartbeatIntervalMs: 30_000 } });
  next.says({ case: "resumed", value: { resumed: true, epoch: "e-1", sequence: 1n } });
  next.saysEvent(2);
  await settle();
  assert.deepEqual(told, ["load", "resumed 1", "2"]);
  assert.deepEqual(saved.entries, { alice: '{"epoch":"e-1","sequence":"2"}' });
});

test("Position_TheGatewayHasForgotten_EverythingIsLoadedBeforeItMoves", async () => {
  const { promise, resolve } = withResolvers();
  const saved = storage({ alice: '{"epoch":"e-0","sequence":"7"}' });
  const connection = await started({ position: { storage: saved, key: "alice" }, onLoad: () => promise });
  connection.letsIn();
  connection.says({ case: "resumed", value: { resumed: false, epoch: "e-1", sequence: 3n } });
  await settle();
  assert.deepEqual(saved.entries, { alice: '{"epoch":"e-0","sequence":"7"}' });

  resolve();
  await settle();
  assert.deepEqual(saved.entries, { alice: '{"epoch":"e-1","sequence":"3"}' });
});

for (const [name, value] of Object.entries({ NoJson: "seven", NoPosition: '{"epoch":"e-1"}', NoNumber: '{"epoch":"e-1","sequence":"x"}' })) {
  test(`Position_${name}_IsToldAndEverythingIsLoaded`, async () => {
    const connection = await joined({ position: { storage: storage({ alice: value }), key: "alice" } });
    assert.deepEqual(connection.sent, ["hello s-1"]);
    assert.equal(told.length, 2);
    assert.equal(told[1], "load");
  });
}

test("Position_StorageIsSlow_TheLatestIsWrittenNext", async () => {
  const written: string[] = [];
  const { promise, resolve } = withResolvers();
  const slow = {
    getItem: () => Promise.resolve(null),
    setItem: (_: string, value: string) => {
      written.push(value);
      return promise;
    },
  };
  const connection = await joined({ position: { storage: slow, key: "alice" } });
  for (const sequence of [1, 2, 3]) {
    connection.saysEvent(sequence);
    await settle();
  }

  assert.deepEqual(written, ['{"epoch":"e-1","sequence":"0"}']);
  resolve();
  await settle();
  assert.deepEqual(written, ['{"epoch":"e-1","sequence":"0"}', '{"epoch":"e-1","sequence":"3"}']);
});

test("Position_StorageIsFull_IsToldAndEventsGoOn", async () => {
  const full = { getItem: () => null, setItem: () => {
    throw new Error("full");
  } };
  const connection = await joined({ position: { storage: full, key: "alice" } });
  connection.saysEvent(1);
  await settle();
  assert.deepEqual(told, ["load", "Error: full", "1", "Error: full"]);
});

// The plain contract

test("Plain_FirstMessageIsTheSession_ThenEventsAloneCome", async () => {
  const connection = await started({ protocol: "plain" });
  connection.onopen!();
  await settle();
  assert.equal(connection.subprotocol, undefined);
  const { requestId, sessionId } = fromBinary(ClientAuthenticationReqSchema, connection.bytes[0]!);
  assert.match(requestId, /^[0-9a-f]{32}$/);
  assert.equal(sessionId, "s-1");

  connection.saysPlain("1");
  await pass(600_000);
  assert.deepEqual(told, ["load", "1"]);
});

test("Plain_HasNoPositionToSave", async () => {
  const saved = storage({ alice: '{"epoch":"e-1","sequence":"7"}' });
  const connection = await started({ protocol: "plain", position: { storage: saved, key: "alice" } });
  connection.onopen!();
  connection.saysPlain("1");
  await settle();
  assert.deepEqual(told, ["load", "1"]);
  assert.deepEqual(saved.entries, { alice: '{"epoch":"e-1","sequence":"7"}' });
});

test("Plain_FirstMessageOfTheDeployment_IsSent", async () => {
  const connection = await started({ protocol: "plain", firstMessage: (id) => new TextEncoder().encode(id) });
  connection.onopen!();
  assert.deepEqual(connection.bytes, [new TextEncoder().encode("s-1")]);
});

test("Plain_Silence_IsNoReasonToReconnect_AndABreakLoadsAnew", async () => {
  const connection = await started({ protocol: "plain" });
  connection.onopen!();
  await pass(600_000);
  assert.deepEqual(told, ["load"]);

  connection.closes(1006, "");
  await pass(1_000);
  FakeWebSocket.last.onopen!();
  await settle();
  assert.deepEqual(told, ["load", "reconnecting", "load"]);
});

test("Plain_PageIsShown_NothingIsSent_AndSleepReplacesTheConnection", async () => {
  const connection = await started({ protocol: "plain" });
  connection.onopen!();
  page.dispatchEvent(new Event("visibilitychange"));
  await pass(5_000);
  assert.deepEqual([connection.bytes.length, FakeWebSocket.last], [1, connection]);

  sleep(60_000);
  await pass(1_000);
  assert.equal(connection.isClosed, true);
  assert.notEqual(FakeWebSocket.last, connection);
});

test("Plain_SessionRenewed_IsForTheNextConnection", async () => {
  const connection = await started({ protocol: "plain" });
  connection.onopen!();
  session.set("s-2");
  assert.equal(connection.bytes.length, 1);

  connection.closes(4440, "session-ended");
  await pass(1_000);
  FakeWebSocket.last.onopen!();
  assert.equal(fromBinary(ClientAuthenticationReqSchema, FakeWebSocket.last.bytes[0]!).sessionId, "s-2");
  assert.deepEqual(told, ["load", "reconnecting", "load"]);
});

/** Lets time pass on a connection that has its heartbeats. */
async function alive(connection: FakeWebSocket, milliseconds: number): Promise<void> {
  for (let left = milliseconds; left > 0; left -= 20_000) {
    await pass(Math.min(left, 20_000));
    connection.says({ case: "heartbeat", value: { epoch: "e-1" } });
  }
}

function withResolvers<T = void>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((done) => (resolve = done));
  return { promise, resolve };
}
