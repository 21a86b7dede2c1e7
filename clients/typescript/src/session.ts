import { reconnectWait } from "./reconnect.js";

/** A login session. */
export interface Session {
  readonly id: string;
  /** When it ends, as `Date.now()` counts. Given, another one is asked for a minute ahead, or a tenth of its time if that is less. */
  readonly expiresAt?: number | undefined;
}

/**
 * Why a session is asked for.
 * - `start`: there is none yet.
 * - `ended`: the gateway says that the one there was is over.
 * - `renewal`: the one in use ends soon.
 */
export type SessionReason = "start" | "ended" | "renewal";

/** Undefined: nobody is logged in, and nobody is about to. */
export type SessionAnswer = Session | string | undefined;

/** Logs in, silently or by asking the user. The promise may take as long as that does. */
export type SessionProvider = (reason: SessionReason) => SessionAnswer | Promise<SessionAnswer>;

const longestLead = 60_000;

/** The login session that calls and socket share. Whoever needs another one first has it asked for, once for all. */
export class GatewaySession {
  readonly #provider: SessionProvider;
  readonly #listeners = new Set<(id: string) => void>();
  #id = "";
  #renewAt = Infinity;
  #renewalFailures = 0;
  #asking: Promise<string | undefined> | undefined;
  #renewing = false;
  /** The session for which there is no other. */
  #last: string | undefined;

  constructor(provider: SessionProvider) {
    this.#provider = provider;
  }

  /** The session in use; empty until there is one. */
  get id(): string {
    return this.#id;
  }

  /** The session in use, or another one if that is known to be over. Undefined: nobody is logged in. */
  async get(): Promise<string | undefined> {
    return this.#id && this.#id !== this.#last ? this.#id : this.#ask();
  }

  /** A session that came by itself, such as from another tab. Whoever waits for one goes on with it. */
  set(session: Session | string): void {
    const { id, expiresAt } = typeof session === "string" ? { id: session } : session;
    const isNew = id !== this.#id;
    this.#id = id;
    this.#last = undefined;
    this.#renewalFailures = 0;
    const time = expiresAt === undefined ? 0 : expiresAt - Date.now();
    // One that has ended already by a clock that is wrong would be asked for again and again. The gateway tells when it ends.
    this.#renewAt = time > 0 ? expiresAt! - Math.min(longestLead, time / 10) : Infinity;
    if (isNew) {
      [...this.#listeners].forEach((listener) => listener(id));
    }
  }

  /** Calls the listener with each new session, until the function that it returns is called. */
  onChange(listener: (id: string) => void): () => void {
    // The same function may listen twice.
    const own = (id: string) => listener(id);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  /** The gateway has refused a session: the one that has taken its place, asked for if nobody has yet. Undefined: there is none. */
  async replace(refused: string): Promise<string | undefined> {
    if (refused !== this.#id) {
      return this.#id;
    }

    return refused === this.#last ? undefined : this.#ask();
  }

  /**
   * Asks for the next session if it is time. The socket calls this once a second.
   * @throws What the provider threw. It is asked again later.
   */
  async renewIfDue(): Promise<void> {
    if (this.#renewing || Date.now() < this.#renewAt) {
      return;
    }

    this.#renewing = true;
    try {
      const before = this.#id;
      const answer = await this.#answer("renewal");
      if (this.#id === before) {
        this.#renewAt = Infinity;
        if (answer) {
          this.set(answer);
        }
      }
    } catch (error) {
      this.#renewAt = Date.now() + reconnectWait(this.#renewalFailures++);
      throw error;
    } finally {
      this.#renewing = false;
    }
  }

  #ask(): Promise<string | undefined> {
    this.#asking ??= this.#another().finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  /** The provider's answer, or what `set` brings while it takes its time. */
  async #another(): Promise<string | undefined> {
    const before = this.#id;
    let stop: (() => void) | undefined;
    const given = new Promise<undefined>((resolve) => (stop = this.onChange(() => resolve(undefined))));
    try {
      const answer = await Promise.race([this.#answer(before ? "ended" : "start"), given]);
      if (this.#id === before && answer) {
        this.set(answer);
      }
    } finally {
      stop!();
    }

    if (this.#id !== before) {
      return this.#id;
    }

    this.#last = before;
    return undefined;
  }

  async #answer(reason: SessionReason): Promise<SessionAnswer> {
    return this.#provider(reason);
  }
}
