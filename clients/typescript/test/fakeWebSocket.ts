import { create, fromBinary, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { NotifyMessageSchema } from "./messages/notify_pb.js";
import { ClientFrameSchema, ServerFrameSchema } from "./messages/notify_v2_pb.js";

/** A WebSocket whose other end is the test. */
export class FakeWebSocket {
  static all: FakeWebSocket[] = [];

  static get last(): FakeWebSocket {
    return FakeWebSocket.all.at(-1)!;
  }

  binaryType = "";
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: ArrayBuffer }) => void) | null = null;
  onclose: ((close: { code: number; reason: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  readonly bytes: Uint8Array[] = [];
  isClosed = false;

  constructor(readonly url: string, readonly subprotocol?: string) {
    FakeWebSocket.all.push(this);
  }

  /** The frames that came, each in a few words. */
  get sent(): string[] {
    return this.bytes.map((bytes) => {
      const { case: kind, value } = fromBinary(ClientFrameSchema, bytes).frame;
      const resume = kind === "hello" ? value.resume : kind === "resume" ? value : undefined;
      const words = [kind, kind === "hello" || kind === "authenticate" ? value.sessionId : "", resume && `${resume.epoch}/${resume.sequence}`];
      return words.filter(Boolean).join(" ");
    });
  }

  send(bytes: Uint8Array): void {
    this.bytes.push(bytes);
  }

  close(): void {
    this.isClosed = true;
  }

  closes(code: number, reason: string): void {
    this.onclose!({ code, reason });
  }

  says(frame: MessageInitShape<typeof ServerFrameSchema>["frame"]): void {
    this.#comes(toBinary(ServerFrameSchema, create(ServerFrameSchema, { frame })));
  }

  saysEvent(sequence: number): void {
    this.says({ case: "event", value: { sequence: BigInt(sequence), notify: { notifyEventId: `${sequence}` } } });
  }

  saysPlain(notifyEventId: string): void {
    this.#comes(toBinary(NotifyMessageSchema, create(NotifyMessageSchema, { notifyEventId })));
  }

  letsIn(): void {
    this.onopen!();
    this.says({ case: "welcome", value: { connectionId: "c-1", epoch: "e-1", heartbeatIntervalMs: 30_000 } });
  }

  #comes(bytes: Uint8Array): void {
    this.onmessage?.({ data: bytes.slice().buffer as ArrayBuffer });
  }
}
