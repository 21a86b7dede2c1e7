import { bytes, fields, integer, message, text, type Field } from "./wire.js";

// The frames of gateway.notify.v2 (proto/notify_v2.proto). Written by hand, so that no protobuf library comes with the package: the
// events within are the app's, and so is the library that reads them.

/** Where a client stands among its events. */
export interface Position {
  readonly epoch: string;
  readonly sequence: bigint;
}

export type ClientFrame =
  | { readonly kind: "hello"; readonly sessionId: string; readonly resume: Position | undefined; readonly previousConnectionId: string }
  | { readonly kind: "resume"; readonly position: Position }
  | { readonly kind: "authenticate"; readonly sessionId: string };

export type ServerFrame =
  | ({ readonly kind: "welcome"; readonly connectionId: string; readonly heartbeatInterval: number } & Position)
  | { readonly kind: "event"; readonly sequence: bigint; readonly notify: Uint8Array | undefined }
  | ({ readonly kind: "resumed"; readonly resumed: boolean } & Position)
  | ({ readonly kind: "heartbeat" } & Position)
  | { readonly kind: "drain"; readonly reconnectDelay: number; readonly jitter: number }
  | { readonly kind: "sessionExpired"; readonly deadline: number }
  | { readonly kind: "authenticated" };

export function encodeFrame(frame: ClientFrame): Uint8Array {
  switch (frame.kind) {
    case "hello":
      return message([1, message([1, frame.sessionId], [2, frame.resume && encodePosition(frame.resume)], [3, frame.previousConnectionId])]);
    case "resume":
      return message([2, encodePosition(frame.position)]);
    case "authenticate":
      return message([3, message([1, frame.sessionId])]);
  }
}

/**
 * Undefined: a frame of a later version.
 * @throws {RangeError | TypeError} This is no frame.
 */
export function decodeFrame(data: Uint8Array): ServerFrame | undefined {
  let frame: ServerFrame | undefined;
  for (const [kind, value] of fields(data)) {
    frame = decode(kind, value) ?? frame;
  }

  return frame;
}

function decode(kind: number, value: Field[1]): ServerFrame | undefined {
  switch (kind) {
    case 1: {
      const [connectionId, epoch, sequence, interval] = read(value, 4);
      return { kind: "welcome", connectionId: string(connectionId), epoch: string(epoch), sequence: big(sequence), heartbeatInterval: small(interval) };
    }
    case 2: {
      const [sequence, notify] = read(value, 2);
      return { kind: "event", sequence: big(sequence), notify: notify === undefined ? undefined : bytes(notify) };
    }
    case 3: {
      const [resumed, epoch, sequence] = read(value, 3);
      return { kind: "resumed", resumed: big(resumed) !== 0n, epoch: string(epoch), sequence: big(sequence) };
    }
    case 4: {
      const [epoch, sequence] = read(value, 2);
      return { kind: "heartbeat", epoch: string(epoch), sequence: big(sequence) };
    }
    case 5: {
      const [delay, jitter] = read(value, 2);
      return { kind: "drain", reconnectDelay: small(delay), jitter: small(jitter) };
    }
    case 6:
      return { kind: "sessionExpired", deadline: small(read(value, 1)[0]) };
    case 7:
      read(value, 0);
      return { kind: "authenticated" };
    default:
      return undefined;
  }
}

/** The values of fields 1 to `count`, of each the last one. */
function read(value: Field[1], count: number): (Field[1] | undefined)[] {
  const values = new Array<Field[1] | undefined>(count).fill(undefined);
  for (const [number, inner] of fields(bytes(value))) {
    if (number >= 1 && number <= count) {
      values[number - 1] = inner;
    }
  }

  return values;
}

function encodePosition({ epoch, sequence }: Position): Uint8Array {
  return message([1, epoch], [2, sequence]);
}

function string(value: Field[1] | undefined): string {
  return value === undefined ? "" : text(value);
}

function big(value: Field[1] | undefined): bigint {
  return value === undefined ? 0n : integer(value);
}

function small(value: Field[1] | undefined): number {
  return Number(BigInt.asUintN(32, big(value)));
}
