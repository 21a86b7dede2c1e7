import type { ClientFrame, Position, ServerFrame } from "./frames.js";
import { endsSession, mayReconnect, reconnectWait } from "./reconnect.js";

/** How long a connection may take until its welcome. */
const openTimeout = 10_000;

/** How soon a connection has to prove that it lives, once there is doubt. */
const proofTimeout = 3_000;

/** A connection that lived this long was a good one: the waits begin anew. One that breaks sooner was a failure. */
const goodAfter = 10_000;

/** With more events than this before a slow handler, loading everything is less work, and memory has an end. */
const longestQueue = 1_000;

/** Why the socket does not come back by itself: the close code and its text. */
export interface SocketEnd {
  code: number;
  reason: string;
}

type Frame<Kind extends ServerFrame["kind"]> = Extract<ServerFrame, { kind: Kind }>;

/** Something for the handlers, one after another. The position moves to `to` when it is done. */
interface Work {
  /** The event; undefined when everything is to be loaded, or when only the position moves. */
  notify?: Uint8Array | undefined;
  load?: true;
  to?: Position | undefined;
}

/** `expired`: connected, but the session is over. `ended`: not connected, and only `start` or `authenticate` changes that. */
export type ProtocolState = "ended" | "waiting" | "connecting" | "live" | "expired";

/** What the protocol has others do. */
export interface ProtocolPort {
  /** Opens a WebSocket. */
  connect(): void;
  /** Lets go of the WebSocket. What it says from now on is nobody's business. */
  disconnect(): void;
  send(frame: ClientFrame): void;
  /** Deals with the event and calls `handled` or `failed` then. The next work comes after that. */
  deal(event: Uint8Array): void;
  /** The same for loading everything anew. */
  load(): void;
  /** All up to here has been dealt with. */
  onPosition(position: Position): void;
  onFailure(error: unknown): void;
  onResumed(missed: number): void;
  onReconnecting(): void;
  /** `end`: the gateway has closed the socket over it. */
  onSessionEnded(end?: SocketEnd): void;
  onAuthenticated(): void;
  onEnd(end: SocketEnd): void;
}

/**
 * The client's side of gateway.notify.v2 (docs/notify-protocol.md) without a WebSocket, a timer or a clock of its own: it is told what
 * happens, and tells the port what to do. `docs/notify-vectors.json` says what has to come out.
 *
 * The plain contract is the same with less: the first message is the only one, nobody answers it, and events have no numbers. So there is
 * never a position, and everything is loaded after each opening.
 */
export class NotifyProtocol {
  readonly #port: ProtocolPort;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #isPlain: boolean;

  #state: ProtocolState = "ended";
  #sessionId = "";
  /** A fresh session was sent on this connection and is not answered yet. */
  #authenticating = false;
  #connectionId = "";
  #heartbeatInterval = 0;
  /** When the connection is given up, or the next one tried. */
  #timer: number | undefined;
  #welcomedAt: number | undefined;
  #failures = 0;
  #drainWait: number | undefined;
  #isOffline = false;

  /** What has been dealt with. Undefined until everything is loaded, after a failed handler too. */
  #position: Position | undefined;
  /** What has come on this connection. Events behind it that still wait for their handler are not asked for again. */
  #received: Position = { epoch: "", sequence: 0n };
  /** When a Resume was sent that is not answered yet. */
  #askedAt: number | undefined;
  /** The newest event at the welcome, until the answer to its Resume. */
  #newest: bigint | undefined;

  #queue: Work[] = [];
  /** The port deals with something, though perhaps with something that does not count any more. */
  #busy = false;
  #running: Work | undefined;
  #handlerFailures = 0;
  /** When everything is loaded because a handler failed. */
  #loadAt: number | undefined;

  constructor(port: ProtocolPort, now: () => number, random: () => number = Math.random, isPlain = false) {
    this.#port = port;
    this.#now = now;
    this.#random = random;
    this.#isPlain = isPlain;
  }

  get state(): ProtocolState {
    return this.#state;
  }

  /** When `tick` is to be called. It may change with every call of a method. */
  get deadline(): number | undefined {
    const loadAt = this.#state === "live" ? this.#loadAt : undefined;
    return this.#timer === undefined || loadAt === undefined ? this.#timer ?? loadAt : Math.min(this.#timer, loadAt);
  }

  /** Begins from the position of an earlier run, or from none. */
  start(sessionId: string, position?: Position): void {
    this.stop();
    this.#position = position;
    this.#sessionId = sessionId;
    this.#connectionId = "";
    this.#failures = this.#handlerFailures = 0;
    this.#connect();
  }

  /** Goes on with a fresh session of the same user. */
  authenticate(sessionId: string): void {
    this.#sessionId = sessionId;
    if (this.#state === "live" || this.#state === "expired") {
      this.#authenticating = true;
      // A plain connection takes no second message. It goes on until its own session ends.
      if (!this.#isPlain) {
        this.#expect(openTimeout);
        this.#port.send({ kind: "authenticate", sessionId });
      }
    } else {
      this.#connect();
    }
  }

  stop(): void {
    this.#leave();
    this.#forget();
  }

  /** Something suggests that the network has changed or that the device has slept: finds out whether the connection lives. */
  wake(): void {
    this.#isOffline = false;
    if (this.#state === "waiting") {
      this.#connect();
    } else if (this.#state === "connecting" || (this.#state === "live" && !this.#isPlain)) {
      // The answer is the sign of life.
      this.#ask();
      this.#expect(proofTimeout);
    }
  }

  /** The device has slept. A plain connection cannot be asked whether it lives, so another one takes its place. */
  slept(): void {
    if (this.#state === "live" && this.#isPlain) {
      this.lost();
    }

    this.wake();
  }

  /** There is no network: gives the connection up, and tries none until `wake`. */
  offline(): void {
    this.#isOffline = true;
    if (this.#state === "waiting") {
      this.#timer = undefined;
    } else if (this.#state !== "ended") {
      this.lost();
    }
  }

  /** The deadline has passed. */
  tick(): void {
    const now = this.#now();
    if (this.#state === "live" && this.#loadAt !== undefined && now >= this.#loadAt) {
      this.#load(this.#received);
    }

    if (this.#timer === undefined || now < this.#timer) {
      return;
    }

    if (this.#state === "waiting") {
      this.#connect();
    } else {
      this.lost();
    }
  }

  /** The WebSocket is open. */
  opened(): void {
    // What waits for its handler comes again, but for events that have no number.
    this.#queue = this.#position ? this.#queue.filter((work) => !work.to) : [];
    this.#askedAt = this.#position && this.#now();
    this.#received = this.#position ?? this.#received;
    this.#port.send({ kind: "hello", sessionId: this.#sessionId, resume: this.#position, previousConnectionId: this.#connectionId });
    if (this.#isPlain) {
      this.#timer = undefined;
      this.#live();
      this.#load(this.#received);
    }
  }

  /** Undefined: a frame of a later version. It is a sign of life all the same. */
  received(frame: ServerFrame | undefined): void {
    if (frame?.kind === "welcome") {
      this.#heartbeatInterval = frame.heartbeatInterval;
    } else if (this.#state === "connecting") {
      return;
    }

    this.#timer = this.#isPlain ? undefined : this.#now() + 2 * this.#heartbeatInterval;
    switch (frame?.kind) {
      case "welcome":
        this.#welcome(frame);
        break;
      case "resumed":
        this.#resumed(frame);
        break;
      case "event":
        this.#event(frame);
        break;
      case "heartbeat":
        if (frame.epoch !== this.#received.epoch || frame.sequence !== this.#received.sequence) {
          this.#ask();
        }

        break;
      case "drain":
        this.#drainWait = frame.reconnectDelay + frame.jitter * this.#random();
        break;
      case "sessionExpired":
        this.#state = "expired";
        // No heartbeat comes until there is a fresh session, and the gateway waits for that one as long.
        this.#timer! += frame.deadline;
        if (!this.#authenticating) {
          this.#port.onSessionEnded();
        }

        break;
      case "authenticated":
        this.#state = "live";
        this.#authenticating = false;
        // Resumed comes next. A Resume of before is not answered: the session was over.
        this.#askedAt = undefined;
        this.#port.onAuthenticated();
        break;
    }
  }

  /** The WebSocket has closed. */
  closed(code: number, reason: string): void {
    const untried = this.#authenticating;
    this.#letGo();
    if (mayReconnect(code) || (code === 4440 && untried)) {
      this.#retry();
    } else if (endsSession(code)) {
      this.#port.onSessionEnded({ code, reason });
    } else {
      this.#port.onEnd({ code, reason });
    }
  }

  /** The WebSocket is of no use any more. */
  lost(): void {
    this.#leave();
    this.#retry();
  }

  /** The port has dealt with what it was given. */
  handled(): void {
    this.#busy = false;
    const work = this.#running;
    this.#running = undefined;
    if (work?.notify) {
      this.#handlerFailures = 0;
    }

    this.#moveTo(work?.to);
    this.#next();
  }

  /**
   * The handler failed, so whatever the user sees may be out of date: everything is loaded, as if an event had been lost. Not at once,
   * and later each time, for a message that fails here may fail at every member of a large group.
   */
  failed(error: unknown): void {
    this.#busy = false;
    if (this.#running) {
      this.#forget();
      this.#loadAt = this.#now() + reconnectWait(this.#handlerFailures++, this.#random);
      this.#port.onFailure(error);
    }

    this.#next();
  }

  #connect(): void {
    this.#leave();
    if (this.#isOffline) {
      this.#state = "waiting";
      return;
    }

    this.#state = "connecting";
    this.#timer = this.#now() + openTimeout;
    this.#port.connect();
  }

  #leave(): void {
    if (this.#state !== "ended" && this.#state !== "waiting") {
      this.#port.disconnect();
    }

    this.#letGo();
  }

  #letGo(): void {
    this.#state = "ended";
    this.#timer = undefined;
    this.#authenticating = false;
    if (this.#welcomedAt !== undefined && this.#now() - this.#welcomedAt >= goodAfter) {
      this.#failures = 0;
    }

    this.#welcomedAt = undefined;
  }

  #retry(): void {
    // A gateway that drains may not be the reason why connections break.
    const backOff = this.#drainWait === undefined || this.#failures > 0 ? reconnectWait(this.#failures, this.#random) : 0;
    this.#state = "waiting";
    this.#timer = this.#isOffline ? undefined : this.#now() + Math.max(backOff, this.#drainWait ?? 0);
    this.#failures++;
    this.#drainWait = undefined;
    this.#port.onReconnecting();
  }

  #live(): void {
    this.#state = "live";
    this.#welcomedAt = this.#now();
    this.#drainWait = undefined;
  }

  #welcome(welcome: Frame<"welcome">): void {
    this.#live();
    this.#connectionId = welcome.connectionId;
    this.#newest = this.#position && welcome.sequence;
    if (!this.#position) {
      this.#load(welcome);
    }
  }

  #resumed(resumed: Frame<"resumed">): void {
    const newest = this.#newest;
    const asked = this.#askedAt !== undefined;
    this.#askedAt = this.#newest = undefined;
    if (!resumed.resumed) {
      this.#load(resumed);
      return;
    }

    if (resumed.sequence > this.#received.sequence) {
      if (asked) {
        this.#received = { epoch: resumed.epoch, sequence: resumed.sequence };
      } else {
        // It came with Authenticated, from where the gateway stands.
        this.#ask();
      }
    }

    if (newest !== undefined) {
      this.#port.onResumed(Number(newest - resumed.sequence));
    }
  }

  #event({ sequence, notify }: Frame<"event">): void {
    const expected = this.#received.sequence + 1n;
    if (sequence === 0n) {
      this.#enqueue({ notify });
    } else if (sequence === expected) {
      this.#received = { epoch: this.#received.epoch, sequence };
      this.#enqueue({ notify, to: this.#received });
    } else if (sequence > expected) {
      this.#ask();
    }
  }

  /** Gives the connection up unless something comes soon. */
  #expect(limit: number): void {
    this.#timer = Math.min(this.#timer!, this.#now() + limit);
  }

  /** Asks for what comes after the last event received. An answer that stays out is asked for again. */
  #ask(): void {
    const now = this.#now();
    if (this.#state === "live" && (this.#askedAt === undefined || now - this.#askedAt >= 2 * this.#heartbeatInterval)) {
      this.#askedAt = now;
      this.#port.send({ kind: "resume", position: this.#received });
    }
  }

  /** Has everything loaded; events go on from a position. */
  #load({ epoch, sequence }: Position): void {
    this.#forget();
    this.#received = { epoch, sequence };
    this.#enqueue({ load: true, to: this.#isPlain ? undefined : this.#received });
  }

  #moveTo(position: Position | undefined): void {
    if (position) {
      this.#position = position;
      this.#port.onPosition(position);
    }
  }

  /** What comes to the handlers from now on has no beginning until everything is loaded. */
  #forget(): void {
    this.#position = this.#running = this.#loadAt = undefined;
    this.#queue = [];
  }

  #enqueue(work: Work): void {
    if (this.#loadAt !== undefined) {
      return;
    }

    this.#queue.push(work);
    if (this.#queue.length > longestQueue) {
      this.#load(this.#received);
    } else {
      this.#next();
    }
  }

  #next(): void {
    while (!this.#busy && this.#queue.length > 0) {
      const work = this.#queue.shift()!;
      if (work.to && this.#position && work.to.sequence <= this.#position.sequence) {
        // It was with its handler when the connection broke, and has come once more.
        continue;
      }

      if (work.load || work.notify) {
        this.#busy = true;
        this.#running = work;
        if (work.notify) {
          this.#port.deal(work.notify);
        } else {
          this.#port.load();
        }
      } else {
        this.#moveTo(work.to);
      }
    }
  }
}
