import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { afterEach, beforeEach, mock, test } from "node:test";
import { create, fromBinary, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { ClientFrameSchema, ServerFrameSchema } from "../src/gateway/messages/notify_v2_pb";
import { NotifySocket, type SocketHandlers } from "../src/gateway/socket";

// What the vectors do not see: the WebSocket, the timers, promises, and what the browser tells of network and page.

class FakeWebSocket {
  static all: FakeWebSocket[] = [];

  static get last(): FakeWebSocket {
    return FakeWebSocket.all.at(-1)!;
  }

  onopen: (() => void) | null = null;
  onmessage: ((message: { data: ArrayBuffer }) => void) | null = null;
  onclose: ((close: { code: number; reason: string }) => void) | null = null;
  readonly sent: string[] = [];
  isClosed = false;

  constructor(readonly url: string, readonly subprotocol: string) {
    FakeWebSocket.all.push(this);
  }

  send(bytes: Uint8Array): void {
    this.sent.push(fromBinary(ClientFrameSchema, bytes).frame.case!);
  }

  close(): void {
    this.isClosed = true;
  }

  says(frame: MessageInitShape<typeof ServerFrameSchema>["frame"]): void {
    this.onmessage?.({ data: toBinary(ServerFrameSchema, create(ServerFrameSchema, { frame })).buffer as ArrayBuffer });
  }

  saysEvent(sequence: number): void {
    this.says({ case: "event", value: { sequence: BigInt(sequence), notify: { notifyEventId: `${sequence}` } } });
  }

  letsIn(): void {
    this.onopen!();
    this.says({ case: "welcome", value: { connectionId: "c-1", epoch: "e-1", heartbeatIntervalMs: 30_000 } });
  }
}

let page: EventTarget & { hidden: boolean };
let network: EventTarget;
let elapsed: number;
let told: string[];
let socket: NotifySocket;

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

/** Starts the socket, with handlers that write down what they are told. */
async function joined(own: Partial<SocketHandlers> = {}): Promise<FakeWebSocket> {
  socket = new NotifySocket("ws://gateway/ws", {
    onEvent: (event) => void told.push(event.notifyEventId),
    onFresh: () => void told.push("fresh"),
    onFailure: (error) => void told.push(String(error)),
    onResumed: () => told.push("resumed"),
    onReconnecting: () => told.push("reconnecting"),
    onSessionEnded: () => told.push("sessionEnded"),
    onAuthenticated: () => told.push("authenticated"),
    onEnd: () => told.push("end"),
    ...own,
  });
  socket.start("s-1");
  FakeWebSocket.last.letsIn();
  await settle();
  return FakeWebSocket.last;
}

beforeEach(() => {
  page = Object.assign(new EventTarget(), { hidden: false });
  network = new EventTarget();
  elapsed = 0;
  told = [];
  FakeWebSocket.all = [];
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  mock.method(performance, "now", () => elapsed);
  mock.method(Math, "random", () => 0);
  Object.assign(globalThis, {
    WebSocket: FakeWebSocket,
    document: page,
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
  assert.deepEqual(connection.sent, ["hello"]);
  assert.deepEqual(told, ["fresh"]);
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
  assert.deepEqual(told, ["fresh", "reconnecting"]);

  // Once more changes nothing: the next connection has its time already.
  network.dispatchEvent(new Event("offline"));
  assert.deepEqual(told, ["fresh", "reconnecting"]);
  network.dispatchEvent(new Event("online"));
  FakeWebSocket.last.onopen!();
  assert.deepEqual(FakeWebSocket.last.sent, ["hello"]);
});

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
    assert.deepEqual(connection.sent, ["hello", "resume"]);
    assert.equal(connection.isClosed, false);

    await pass(3_000);
    assert.equal(connection.isClosed, true);
    assert.deepEqual(told, ["fresh", "reconnecting"]);
  });
}

test("Page_IsHidden_NothingIsAsked", async () => {
  const connection = await joined();
  page.hidden = true;
  page.dispatchEvent(new Event("visibilitychange"));
  sleep(60_000);
  await pass(2_000);
  assert.deepEqual(connection.sent, ["hello"]);
});

test("Message_ThatIsNoFrame_EndsTheConnection", async () => {
  const connection = await joined();
  connection.onmessage!({ data: new Uint8Array([0xff]).buffer });
  assert.equal(connection.isClosed, true);
  assert.deepEqual(told, ["fresh", "reconnecting"]);
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
  assert.deepEqual(told, ["fresh", "1 begins"]);

  resolve();
  await settle();
  assert.deepEqual(told, ["fresh", "1 begins", "1 ends", "2 begins", "2 ends"]);
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
    assert.deepEqual(told, ["fresh", "Error: no"]);

    await pass(1_000);
    assert.deepEqual(told, ["fresh", "Error: no", "fresh"]);
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
  assert.deepEqual(told, ["fresh", "fresh"]);
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
  assert.deepEqual(told, ["fresh"]);
  assert.equal(FakeWebSocket.all.length, 1);
  assert.deepEqual(["online", "offline"].flatMap((name) => getEventListeners(network, name)), []);
  assert.deepEqual(getEventListeners(page, "visibilitychange"), []);
});

test("Stop_ByAHandler_IsNotUndone", async () => {
  const connection = await joined({ onFresh: () => socket.stop() });
  assert.equal(connection.isClosed, true);

  await pass(120_000);
  assert.equal(FakeWebSocket.all.length, 1);
});

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
