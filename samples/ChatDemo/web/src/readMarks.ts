import type { MessageInfo } from "./gateway";

/**
 * How far a user has read each chat. The wire contract has no place for it, so the browser keeps it: across reloads and logins, and for
 * all tabs alike.
 */
export class ReadMarks {
  readonly #key: string;

  constructor(userId: string) {
    this.#key = `chat-demo-read-${userId}`;
  }

  /** The user has never been in this browser. */
  get isNew(): boolean {
    return localStorage.getItem(this.#key) === null;
  }

  isRead(message: MessageInfo): boolean {
    return this.#all()[message.chatSessionId] === message.messageId;
  }

  set(messages: MessageInfo[]): void {
    const all = this.#all();
    messages.forEach((message) => (all[message.chatSessionId] = message.messageId));
    localStorage.setItem(this.#key, JSON.stringify(all));
  }

  #all(): Record<string, string> {
    return JSON.parse(localStorage.getItem(this.#key) ?? "{}") as Record<string, string>;
  }
}
