import { create, fromBinary, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import type { NotifyMessage } from "./messages/notify_pb";
import { ClientFrameSchema, ServerFrameSchema, type Resumed, type ServerFrame, type Welcome } from "./messages/notify_v2_pb";
import { endsSession, mayReconnect, reconnectWait } from "./reconnect";

const subprotocol = "gateway.notify.v2";
const openTimeout = 10_000;

/** Why the socket does not come back by itself: the close code and its text. */
export interface SocketEnd {
  code: number;
  reason: string;
}

export interface SocketHandlers {
  /** Something happened. Comes once per event, in order. */
  onEvent(event: NotifyMessage): void;
  /** Connected without a position to go on from: whatever was loaded before may be out of date, so load it now. */
  onFresh(): void;
  /** Connected again. The events missed in between, `missed` of them, follow at once. */
  onResumed(missed: number): void;
  /** The connection broke; the socket tries again by itself. */
  onReconnecting(): void;
  /** The session has ended: log in again and call `authenticate`. */
  onSessionEnded(): void;
  /** The gateway closed the socket for good. `authenticate` opens it again. */
  onEnd(end: SocketEnd): void;
}

/** Where the client stands among its events. */
interface Position {
  epoch: string;
  sequence: bigint;
}

/**
 * The notify socket, in its extended protocol (proto/notify_v2.proto). It reconnects by itself and asks for what it missed.
 * The handlers may be called at any time after `start`, and never after `stop`.
 */
export class NotifySocket {
  readonly #url: string;
  readonly #handlers: SocketHandlers;

  #sessionId = "";
  #socket: WebSocket | undefined;
  #connectionId = "";
  #position: Position | undefined;
  /** A Resume is on its way: events ahead of its answer are sent once more behind it. */
  #resuming = false;
  #failures = 0;
  #heartbeatInterval = 0;
  #drainWait: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(url: string, handlers: SocketHandlers) {
    this.#url = url;
    this.#handlers = handlers;
  }

  start(sessionId: string): void {
    this.#sessionId = sessionId;
    this.#connect();
  }

  /** Goes on with a fresh session of the same user. */
  authenticate(sessionId: string): void {
    this.#sessionId = sessionId;
    if (this.#connectionId && this.#socket?.readyState === WebSocket.OPEN) {
      this.#send({ case: "authenticate", value: { sessionId } });
    } else {
      this.#connect();
    }
  }

  /** Tries now instead of at the end of the wait, for example because the network is back. */
  hurry(): void {
    if (!this.#socket && this.#timer !== undefined) {
      this.#connect();
    }
  }

  stop(): void {
    this.#detach();
  }

  #connect(): void {
    this.#detach();
    const socket = new WebSocket(this.#url, subprotocol);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#sayHello();
    socket.onmessage = (message) => this.#receive(fromBinary(ServerFrameSchema, new Uint8Array(message.data as ArrayBuffer)));
    socket.onclose = (close) => this.#closed(close.code, close.reason);
    this.#socket = socket;
    this.#watch(openTimeout);
  }

  /** Lets go of the socket without being told of its end. */
  #detach(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close(1000);
    }
  }

  #sayHello(): void {
    this.#resuming = this.#position !== undefined;
    this.#send({
      case: "hello",
      value: { sessionId: this.#sessionId, resume: this.#position, previousConnectionId: this.#connectionId },
    });
  }

  #receive(frame: ServerFrame): void {
    if (this.#heartbeatInterval > 0) {
      this.#watch(2 * this.#heartbeatInterval);
    }

    const { case: kind, value } = frame.frame;
    switch (kind) {
      case "welcome":
        this.#welcome(value);
        break;
      case "resumed":
        this.#resumed(value);
        break;
      case "event":
        this.#event(value.sequence, value.notify);
        break;
      case "heartbeat":
        this.#catchUp({ epoch: value.epoch, sequence: value.sequence });
        break;
      case "drain":
        this.#drainWait = value.reconnectDelayMs + value.jitterMs * Math.random();
        break;
      case "sessionExpired":
        this.#handlers.onSessionEnded();
        break;
    }
  }

  #welcome(welcome: Welcome): void {
    this.#connectionId = welcome.connectionId;
    this.#failures = 0;
    this.#drainWait = undefined;
    this.#heartbeatInterval = welcome.heartbeatIntervalMs;
    this.#watch(2 * this.#heartbeatInterval);
    if (!this.#resuming) {
      this.#position = { epoch: welcome.epoch, sequence: welcome.sequence };
      this.#handlers.onFresh();
    } else if (this.#position?.epoch === welcome.epoch) {
      this.#handlers.onResumed(Number(welcome.sequence - this.#position.sequence));
    }
  }

  #resumed(resumed: Resumed): void {
    this.#resuming = false;
    this.#position = { epoch: resumed.epoch, sequence: resumed.sequence };
    if (!resumed.resumed) {
      this.#handlers.onFresh();
    }
  }

  #event(sequence: bigint, notify: NotifyMessage | undefined): void {
    if (sequence > 0n) {
      const expected = (this.#position?.sequence ?? 0n) + 1n;
      if (sequence > expected) {
        this.#resume();
      }

      if (this.#resuming || sequence < expected) {
        return;
      }

      this.#position!.sequence = sequence;
    }

    if (notify) {
      this.#handlers.onEvent(notify);
    }
  }

  #catchUp(newest: Position): void {
    if (newest.epoch !== this.#position?.epoch || newest.sequence > this.#position.sequence) {
      this.#resume();
    }
  }

  #resume(): void {
    if (!this.#resuming) {
      this.#resuming = true;
      this.#send({ case: "resume", value: this.#position! });
    }
  }

  #closed(code: number, reason: string): void {
    this.#detach();
    if (mayReconnect(code)) {
      this.#retry();
    } else if (endsSession(code)) {
      this.#handlers.onSessionEnded();
    } else {
      this.#handlers.onEnd({ code, reason });
    }
  }

  #retry(): void {
    this.#handlers.onReconnecting();
    const wait = this.#drainWait ?? reconnectWait(this.#failures++);
    this.#drainWait = undefined;
    this.#timer = setTimeout(() => this.#connect(), wait);
  }

  /** Gives the connection up if nothing comes in time. */
  #watch(limit: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#detach();
      this.#retry();
    }, limit);
  }

  #send(frame: MessageInitShape<typeof ClientFrameSchema>["frame"]): void {
    const bytes = toBinary(ClientFrameSchema, create(ClientFrameSchema, { frame }));
    this.#socket!.send(bytes as Uint8Array<ArrayBuffer>);
  }
}
