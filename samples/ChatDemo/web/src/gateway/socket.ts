import { fromBinary, toBinary } from "@bufbuild/protobuf";
import type { NotifyMessage } from "./messages/notify_pb";
import { ClientFrameSchema, ServerFrameSchema } from "./messages/notify_v2_pb";
import { NotifyProtocol, type SocketEnd } from "./protocol";

const subprotocol = "gateway.notify.v2";

/** How often the clock is looked at, and by how much it has to jump to show that the device has slept. */
const lookInterval = 1_000;
const jump = 4_000;

/**
 * `onEvent` and `onFresh` may return a promise. They are called one after another: until one is done nothing else comes, and the position
 * does not move. When one throws or rejects, `onFailure` is told, events are held back, and `onFresh` is called after a while, at least a
 * second and longer each time. So a failure never passes for an event dealt with, nor does a message that always fails stop the others.
 */
export interface SocketHandlers {
  /** Something happened. Comes once per event, in order. */
  onEvent(event: NotifyMessage): void | Promise<void>;
  /** Connected without a position to go on from: whatever was loaded before may be out of date, so load it now. */
  onFresh(): void | Promise<void>;
  /** A handler failed. */
  onFailure(error: unknown): void;
  /** Connected again. The events missed in between, `missed` of them, follow at once. */
  onResumed(missed: number): void;
  /** The connection broke; the socket tries again by itself. */
  onReconnecting(): void;
  /** The session has ended: log in again and call `authenticate`. */
  onSessionEnded(): void;
  /** The gateway has taken the fresh session on the connection there was. The events held back meanwhile follow. */
  onAuthenticated(): void;
  /** The gateway closed the socket for good. `authenticate` opens it again. */
  onEnd(end: SocketEnd): void;
}

/**
 * The notify socket, in its extended protocol (proto/notify_v2.proto). It reconnects by itself and asks for what it missed. When the
 * network is back, the page is shown again or the device has slept, it finds out within three seconds whether the connection lives.
 * When the browser says that the network has gone, it does not wait to be shown.
 * The handlers may be called at any time after `start`, and never after `stop`.
 */
export class NotifySocket {
  readonly #url: string;
  readonly #protocol: NotifyProtocol;

  #socket: WebSocket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #look: ReturnType<typeof setInterval> | undefined;
  #lookedAt = 0;

  constructor(url: string, handlers: SocketHandlers) {
    this.#url = url;
    this.#protocol = new NotifyProtocol(
      {
        connect: () => this.#connect(),
        disconnect: () => this.#detach()?.close(1000),
        send: (frame) => this.#socket!.send(toBinary(ClientFrameSchema, frame) as Uint8Array<ArrayBuffer>),
        deal: (event) => void this.#deal(() => handlers.onEvent(event)),
        load: () => void this.#deal(() => handlers.onFresh()),
        onFailure: (error) => handlers.onFailure(error),
        onResumed: (missed) => handlers.onResumed(missed),
        onReconnecting: () => handlers.onReconnecting(),
        onSessionEnded: () => handlers.onSessionEnded(),
        onAuthenticated: () => handlers.onAuthenticated(),
        onEnd: (end) => handlers.onEnd(end),
      },
      () => performance.now(),
    );
  }

  start(sessionId: string): void {
    this.stop();
    this.#lookedAt = Date.now();
    this.#look = setInterval(this.#lookAtClock, lookInterval);
    globalThis.addEventListener?.("online", this.wake);
    globalThis.addEventListener?.("offline", this.renew);
    globalThis.document?.addEventListener("visibilitychange", this.#shown);
    this.#tell(() => this.#protocol.start(sessionId));
  }

  /** Goes on with a fresh session of the same user. */
  authenticate(sessionId: string): void {
    this.#tell(() => this.#protocol.authenticate(sessionId));
  }

  /** Finds out whether the connection lives, or tries the next one now instead of at the end of the wait. */
  readonly wake = (): void => this.#tell(() => this.#protocol.wake());

  /** The gateway cannot be reached: gives the connection up, if there is one, and begins another. */
  readonly renew = (): void => this.#tell(() => {
    if (this.#protocol.state === "live") {
      this.#protocol.lost();
    }
  });

  stop(): void {
    clearInterval(this.#look);
    globalThis.removeEventListener?.("online", this.wake);
    globalThis.removeEventListener?.("offline", this.renew);
    globalThis.document?.removeEventListener("visibilitychange", this.#shown);
    this.#tell(() => this.#protocol.stop());
  }

  readonly #shown = (): void => {
    if (!document.hidden) {
      this.wake();
    }
  };

  /** Timers stand still while the device sleeps, the clock does not. In a hidden page they are slow by the browser's will. */
  readonly #lookAtClock = (): void => {
    const now = Date.now();
    if (now - this.#lookedAt > jump && !globalThis.document?.hidden) {
      this.wake();
    }

    this.#lookedAt = now;
  };

  #connect(): void {
    const socket = new WebSocket(this.#url, subprotocol);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#tell(() => this.#protocol.opened());
    socket.onmessage = (message) => this.#tell(() => this.#receive(message.data as ArrayBuffer));
    socket.onclose = (close) => {
      this.#detach();
      this.#tell(() => this.#protocol.closed(close.code, close.reason));
    };
    this.#socket = socket;
  }

  #receive(data: ArrayBuffer): void {
    let frame;
    try {
      frame = fromBinary(ServerFrameSchema, new Uint8Array(data));
    } catch {
      // Not the gateway's. Another connection brings whatever this was meant to be.
      this.#protocol.lost();
      return;
    }

    this.#protocol.received(frame);
  }

  /** Is not told of the socket's end, nor of anything else. */
  #detach(): WebSocket | undefined {
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
