import type { Position } from "./frames.js";

/** Where the position is kept: `localStorage`, `sessionStorage`, React Native's AsyncStorage, or what else has these two. */
export interface PositionStorage {
  getItem(key: string): string | null | undefined | Promise<string | null | undefined>;
  setItem(key: string, value: string): unknown;
}

/** A socket's position among its events, kept across reloads. What is kept was dealt with, and never runs ahead of the handlers. */
export class SavedPosition {
  readonly #storage: PositionStorage;
  readonly #key: string;
  readonly #onFailure: (error: unknown) => void;
  #next: Position | undefined;
  #isWriting = false;

  constructor(storage: PositionStorage, key: string, onFailure: (error: unknown) => void) {
    this.#storage = storage;
    this.#key = key;
    this.#onFailure = onFailure;
  }

  /** Undefined where there is none, or none that can be read: then everything is loaded. */
  async load(): Promise<Position | undefined> {
    try {
      const saved = await this.#storage.getItem(this.#key);
      return saved ? read(saved) : undefined;
    } catch (error) {
      this.#onFailure(error);
      return undefined;
    }
  }

  /** Of positions that come while one is written, the last alone is written then. */
  save(position: Position): void {
    this.#next = position;
    if (!this.#isWriting) {
      void this.#write();
    }
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    for (let position; (position = this.#next);) {
      this.#next = undefined;
      try {
        await this.#storage.setItem(this.#key, JSON.stringify({ epoch: position.epoch, sequence: position.sequence.toString() }));
      } catch (error) {
        // An older position stays: events come again after a reload, and none is missing.
        this.#onFailure(error);
      }
    }

    this.#isWriting = false;
  }
}

function read(saved: string): Position {
  const { epoch, sequence } = JSON.parse(saved) as { epoch: unknown; sequence: unknown };
  if (typeof epoch !== "string" || typeof sequence !== "string") {
    throw new TypeError(`'${saved}' is not a position.`);
  }

  return { epoch, sequence: BigInt(sequence) };
}
