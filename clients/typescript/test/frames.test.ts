import assert from "node:assert/strict";
import { test } from "node:test";
import { create, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { decodeFrame } from "../src/frames.js";
import { ServerFrameSchema } from "./messages/notify_v2_pb.js";

// What the vectors do not have: extreme values, fields of later versions, and bytes that are no frame.

function encode(frame: MessageInitShape<typeof ServerFrameSchema>["frame"]): Uint8Array {
  return toBinary(ServerFrameSchema, create(ServerFrameSchema, { frame }));
}

test("Decode_ExtremeValues_AreAsWritten", () => {
  const welcome = { connectionId: "c".repeat(300), epoch: "\u{1f600}é", sequence: 2n ** 64n - 1n, heartbeatIntervalMs: 2 ** 32 - 1 };
  assert.deepEqual(decodeFrame(encode({ case: "welcome", value: welcome })), {
    kind: "welcome", connectionId: welcome.connectionId, epoch: welcome.epoch, sequence: welcome.sequence, heartbeatInterval: 2 ** 32 - 1,
  });
});

test("Decode_EmptyEvent_IsAnEvent", () => {
  const frame = decodeFrame(encode({ case: "event", value: { notify: {} } }));
  assert.deepEqual(frame, { kind: "event", sequence: 0n, notify: new Uint8Array() });
});

test("Decode_FieldsOfALaterVersion_ArePassedOver", () => {
  const later = [
    0x78, 0x96, 0x01, // field 15, a number
    0x79, 1, 2, 3, 4, 5, 6, 7, 8, // of eight bytes
    0x7d, 1, 2, 3, 4, // of four
    0x7a, 2, 9, 9, // bytes
  ];
  assert.deepEqual(decodeFrame(Uint8Array.from([...later, 0x32, 2 + later.length, 0x08, 5, ...later])), { kind: "sessionExpired", deadline: 5 });
  assert.equal(decodeFrame(Uint8Array.from(later)), undefined);
});

test("Decode_CutAnywhere_IsNoFrameButTheEmptyOne", () => {
  const whole = encode({ case: "resumed", value: { resumed: true, epoch: "e-1", sequence: 300n } });
  assert.equal(decodeFrame(whole.subarray(0, 0)), undefined);
  for (let length = 1; length < whole.length; length++) {
    assert.throws(() => decodeFrame(whole.subarray(0, length)), RangeError, `${length} bytes`);
  }
});

for (const [name, bytes] of Object.entries({
  NumberWithoutEnd: [0x08, ...new Array<number>(11).fill(0xff)],
  NumberForAFrame: [0x08, 1],
  NumberForAText: [0x0a, 2, 0x08, 1],
  BytesForANumber: [0x32, 2, 0x0a, 0],
  Group: [0x0b, 0x0c],
  TextThatIsNoUtf8: [0x0a, 3, 0x0a, 1, 0xff],
})) {
  test(`Decode_${name}_IsNoFrame`, () => {
    assert.throws(() => decodeFrame(Uint8Array.from(bytes)), /RangeError|TypeError/);
  });
}
