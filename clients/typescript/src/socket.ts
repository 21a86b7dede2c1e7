import { decodeFrame, encodeFrame, type ClientFrame } from "./frames.js";
import { SavedPosition, type PositionStorage } from "./position.js";
import { NotifyProtocol, type SocketEnd } from "./protocol.js";
import { randomId } from "./randomId.js";
import { reconnectWait } from "./reconnect.js";
import type { GatewaySession } from "./session.js";
import { message } from "./wire.js";

const extended = "gateway.notify.v2";

/** How often the clock is looked at, and by how much it has to jump to show that the device has slept. */
const lookInterval = 1_000;
const jump = 4_000;

/** A session that was refused within this time after the one before is asked for later each time. */
const quickEnd = 10_000;

/** As much of a WebSocket as is used: those of browsers, of Node 22 and of the package `ws` have it. */
export interface WebSocketLike {
  binaryType: string;
  onopen: ((event: any) => void) | null;
  onmessage: ((event: any) => void) | null;
  onclose: ((event: any) => void) | null;
  onerror: ((event: any) => void) | null;
  send(data: Uint8Array): void;
  close(code?: number): void;
}

export type WebSocketConstructor = new (url: string, protocols?: string) => WebSocketLike;

/**
 * `onEvent` and `onLoad` may return a promise. They are called one after another: until one is done nothing else comes, and the position
 * does not move. When one throws or rejects, `onFailure` is told, events are held back, and `onLoad` is called after a while, at least a
 * second and longer each time. So a failure never passes for an event dealt with, nor does a message that always fails stop the others.
 */
export interface NotifySocketOptions<Event> {
  /** Where the gateway takes sockets, such as `wss://chat.example.com/ws`. */
  url: string;
  /** Asked for a session at the start, after the end of one, and ahead of that if it says when it ends. */
  session: GatewaySession;
  /** Reads an event, the deployment's NotifyMessage. What it throws counts as a failure of the handler. */
  decode(event: Uint8Array): Event;
  /** Something happened. Comes once per event, in order. */
  onEvent(event: Event): void | Promise<void>;
  /** Connected without a position to go on from: whatever was loaded before may be out of date, so load it now. */
  onLoad(): void | Promise<void>;
  /** A handler, the session provider or the storage failed. The socket goes on by itself. */
  onFailure(error: unknown): void;
  /** Connected again. The events missed in between, `missed` of them, follow at once. */
  onResumed?(missed: number): void;
  /** The connection broke; the socket tries again by itself. */
  onReconnecting?(): void;
  /** The gateway has taken another session on the connection there was. The events held back meanwhile follow. */
  onAuthenticated?(): void;
  /** The gateway closed the socket for good, or there is no session. `reconnect` opens it again. */
  onEnd?(end: SocketEnd): void;
  /**
   * `gateway.notify.v2` loses nothing across a reconnect, or tells so. `plain` is what all gateways of the family speak: events alone,
   * and `onLoad` after each reconnect. Default `gateway.notify.v2`.
   */
  protocol?: typeof extended | "plain";
  /** The first message of a plain socket, where a deployment has another than ClientAuthenticationReq {1 request_id, 2 session_id}. */
  firstMessage?(sessionId: string): Uint8Array;
  /**
   * Where the position is kept across reloads, under a key for each user. Only for apps that keep what they have loaded as well: after a
   * reload the socket goes on from there and does not call `onLoad`, unless the gateway has forgotten too much.
   */
  position?: { storage: PositionStorage; key: string };
  /** The WebSocket to use, where there is none by that name: Node 20 has that of the package `ws`. */
  WebSocket?: WebSocketConstructor;
}

/**
 * The notify socket. It reconnects by itself and asks for what it missed. When the network is back, the page is shown again or the device
 * has slept, it finds out within three seconds whether the connection lives. While the browser says that there is no network, it waits.
 * The handlers may be called at any time after `start`, and never after `stop`. A socket is for one user.
 */
export class NotifySocket<Event> {
  readonly #options: NotifySocketOptions<Event>;
  readonly #WebSocket: WebSocketConstructor;
  readonly #isPlain: boolean;
  /** A gateway on this machine needs no network, whatever the browser says of that. */
  readonly #isLocal: boolean;
  readonly #saved: SavedPosition | undefined;
  readonly #protocol: NotifyProtocol;

  #socket: WebSocketLike | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #look: ReturnType<typeof setInterval> | undefined;
  #lookedAt = 0;

  /** Which start this is. What waited for a session since an earlier one is of no use. */
  #run = 0;
  #sessionId = "";
  /** The gateway has ended the session, and there is no other yet. */
  #sessionEnded = false;
  #endedAt = -Infinity;
  #quickEnds = 0;
  #pause: ReturnType<typeof setTimeout> | undefined;
  #unlisten: () => void = () => undefined;

  constructor(options: NotifySocketOptions<Event>) {
    const available = options.WebSocket ?? (globalThis.WebSocket as WebSocketConstructor | undefined);
    if (!available) {
      throw new TypeError("There is no WebSocket here: give one as the option WebSocket, such as that of the package ws.");
    }

    this.#options = options;
    this.#WebSocket = available;
    this.#isPlain = options.protocol === "plain";
    this.#isLocal = /^(localhost|.+\.localhost|127\..+|\[::1\])$/.test(new URL(options.url, globalThis.location?.href).hostname);
    this.#saved = options.position && new SavedPosition(options.position.storage, options.position.key, (error) => options.onFailure(error));
    this.#protocol = new NotifyProtocol(
      {
        connect: () => this.#connect(),
        disconnect: () => this.#detach()?.close(1000),
        send: (frame) => this.#socket!.send(this.#encode(frame)),
        deal: (event) => void this.#deal(() => options.onEvent(options.decode(event))),
        load: () => void this.#deal(() => options.onLoad()),
        onPosition: (position) => this.#saved?.save(position),
        onFailure: (error) => options.onFailure(error),
        onResumed: (missed) => options.onResumed?.(missed),
        onReconnecting: () => options.onReconnecting?.(),
        onSessionEnded: (end) => void this.#replaceSession(end),
        onAuthenticated: () => options.onAuthenticated?.(),
        onEnd: (end) => options.onEnd?.(end),
      },
      () => performance.now(),
      Math.random,
      this.#isPlain,
    );
  }

  start(): void {
    this.stop();
    this.#lookedAt = Date.now();
    this.#look = setInterval(this.#lookAtClock, lookInterval);
    this.#unlisten = this.#options.session.onChange((id) => {
      // One that ended for another reason stays so.
      if (this.#protocol.state !== "ended" || this.#sessionEnded) {
        this.#goOnWith(id);
      }
    });
    globalThis.addEventListener?.("online", this.wake);
    globalThis.addEventListener?.("offline", this.offline);
    globalThis.document?.addEventListener("visibilitychange", this.#shown);
    if (this.#hasNoNetwork()) {
      this.#tell(() => this.#protocol.offline());
    }

    void this.#begin();
  }

  /** Opens the socket again after `onEnd`, and goes on from where it was. */
  async reconnect(): Promise<void> {
    if (!this.#sessionId) {
      return this.#begin();
    }

    const id = await this.#ask(() => this.#options.session.get(), { code: 4401, reason: "session-invalid" });
    if (id !== undefined && this.#protocol.state === "ended") {
      this.#sessionId = id;
      this.#tell(() => this.#protocol.authenticate(id));
    }
  }

  /** Finds out whether the connection lives, or tries the next one now instead of at the end of the wait. Ends `offline`. */
  readonly wake = (): void => this.#tell(() => this.#protocol.wake());

  /** There is no network: gives the connection up, and waits for `wake` with the next one. Browsers call both by themselves. */
  readonly offline = (): void => {
    if (this.#isLocal) {
      this.drop();
    } else {
      this.#tell(() => this.#protocol.offline());
    }
  };

  /** A call got no answer, so the gateway cannot be reached: gives the connection up, if there is one, and begins another. */
  readonly drop = (): void => this.#tell(() => {
    if (this.#protocol.state === "live") {
      this.#protocol.lost();
    }
  });

  stop(): void {
    this.#run++;
    this.#sessionId = "";
    this.#sessionEnded = false;
    clearInterval(this.#look);
    clearTimeout(this.#pause);
    this.#unlisten();
    globalThis.removeEventListener?.("online", this.wake);
    globalThis.removeEventListener?.("offline", this.offline);
    globalThis.document?.removeEventListener("visibilitychange", this.#shown);
    this.#tell(() => this.#protocol.stop());
  }

  async #begin(): Promise<void> {
    const run = this.#run;
    const position = this.#isPlain ? undefined : await this.#saved?.load();
    if (run !== this.#run) {
      return;
    }

    const id = await this.#ask(() => this.#options.session.get(), { code: 4401, reason: "session-invalid" });
    if (id !== undefined) {
      this.#sessionId = id;
      this.#tell(() => this.#protocol.start(id, position));
    }
  }

  /** The gateway has ended the session: on the connection, which then waits for another, or by closing it. */
  async #replaceSession(end: SocketEnd | undefined): Promise<void> {
    const [run, ended] = [this.#run, this.#sessionId];
    this.#sessionEnded = true;
    // A session that is refused as soon as it is there must not be asked for without a pause.
    const now = performance.now();
    this.#quickEnds = now - this.#endedAt < quickEnd ? this.#quickEnds + 1 : 0;
    this.#endedAt = now;
    if (this.#quickEnds > 0) {
      await this.#wait(reconnectWait(this.#quickEnds - 1));
    }

    if (run === this.#run) {
      const id = await this.#ask(() => this.#options.session.replace(ended), end);
      if (id !== undefined) {
        this.#goOnWith(id);
      }
    }
  }

  #goOnWith(id: string): void {
    if (id !== this.#sessionId) {
      this.#sessionId = id;
      this.#sessionEnded = false;
      this.#tell(() => this.#protocol.authenticate(id));
    }
  }

  /** Asks for a session until there is an answer. Undefined: there is none, or the answer is of no use any more. */
  async #ask(session: () => Promise<string | undefined>, end: SocketEnd | undefined): Promise<string | undefined> {
    const run = this.#run;
    for (let failures = 0; run === this.#run; failures++) {
      try {
        const id = await session();
        if (run !== this.#run) {
          return undefined;
        }

        if (id === undefined && end) {
          this.#options.onEnd?.(end);
        }

        return id;
      } catch (error) {
        if (run === this.#run) {
          this.#options.onFailure(error);
          await this.#wait(reconnectWait(failures));
        }
      }
    }

    return undefined;
  }

  /** Never ends if the socket is stopped meanwhile. */
  #wait(time: number): Promise<void> {
    return new Promise((resolve) => (this.#pause = setTimeout(resolve, time)));
  }

  readonly #shown = (): void => {
    if (!document.hidden && !this.#hasNoNetwork()) {
      this.wake();
    }
  };

  #hasNoNetwork(): boolean {
    return !this.#isLocal && globalThis.navigator?.onLine === false;
  }

  /** Timers stand still while the device sleeps, the clock does not. In a hidden page they are slow by the browser's will. */
  readonly #lookAtClock = (): void => {
    const now = Date.now();
    if (now - this.#lookedAt > jump && !globalThis.document?.hidden && !this.#hasNoNetwork()) {
      this.#tell(() => this.#protocol.slept());
    }

    this.#lookedAt = now;
    const run = this.#run;
    this.#options.session.renewIfDue().catch((error: unknown) => {
      if (run === this.#run) {
        this.#options.onFailure(error);
      }
    });
  };

  #encode(frame: ClientFrame): Uint8Array {
    if (!this.#isPlain) {
      return encodeFrame(frame);
    }

    return this.#options.firstMessage ? this.#options.firstMessage(this.#sessionId) : message([1, randomId()], [2, this.#sessionId]);
  }

  #connect(): void {
    const socket = this.#isPlain ? new this.#WebSocket(this.#options.url) : new this.#WebSocket(this.#options.url, extended);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#tell(() => this.#protocol.opened());
    socket.onmessage = ({ data }: { data: ArrayBuffer }) => this.#tell(() => this.#receive(new Uint8Array(data)));
    socket.onclose = ({ code, reason }: { code: number; reason: string }) => {
      this.#detach();
      this.#tell(() => this.#protocol.closed(code, reason));
    };
    // The close that follows says all there is to know. Some WebSockets throw what nobody listens to.
    socket.onerror = () => undefined;
    this.#socket = socket;
  }

  #receive(data: Uint8Array): void {
    let frame;
    try {
      frame = this.#isPlain ? { kind: "event", sequence: 0n, notify: data } as const : decodeFrame(data);
    } catch {
      // Not the gateway's. Another connection brings whatever this was meant to be.
      this.#protocol.lost();
      return;
    }

    this.#protocol.received(frame);
  }

  /** Is not told of the socket's end, nor of anything else. */
  #detach(): WebSocketLike | undefined {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
    }

    return socket;
  }

  async #deal(handler: () => void | Promise<void>): Promise<void> {
    try {
      await handler();
    } catch (error) {
      this.#tell(() => this.#protocol.failed(error));
      return;
    }

    this.#tell(() => this.#protocol.handled());
  }

  /** Tells the protocol something, and sets the timer by it. */
  #tell(what: () => void): void {
    try {
      what();
    } finally {
      clearTimeout(this.#timer);
      const deadline = this.#protocol.deadline;
      this.#timer = deadline === undefined ? undefined : setTimeout(() => this.#tell(() => this.#protocol.tick()), deadline - performance.now());
    }
  }
}
