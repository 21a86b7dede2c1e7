import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fromBinary, fromJson, toBinary, toJson, type JsonValue } from "@bufbuild/protobuf";
import { decodeFrame, encodeFrame } from "../src/frames.js";
import { NotifyProtocol, type ProtocolPort, type ProtocolState } from "../src/protocol.js";
import { NotifyMessageSchema } from "./messages/notify_pb.js";
import { ClientFrameSchema, ServerFrameSchema } from "./messages/notify_v2_pb.js";

// docs/notify-vectors.md explains the format. Frames are written and read by another library here than in the client.
type Input =
  | "open" | "garbage" | "wake" | "offline" | "done" | "fail" | "stop"
  | { start: string; position?: { epoch: string; sequence: string } } | { authenticate: string } | { frame: JsonValue } | { close: { code: number; reason: string } };

interface Step {
  at?: number;
  in?: Input;
  out: JsonValue[];
  state?: ProtocolState;
}

interface Vector {
  name: string;
  begin?: string;
  handlers?: "manual";
  random?: number;
  steps: Step[];
}

const file = process.env.NOTIFY_VECTORS ?? "../../docs/notify-vectors.json";
const { begins, vectors } = JSON.parse(readFileSync(file, "utf8")) as { begins: Record<string, Step[]>; vectors: Vector[] };

class Player {
  #now = 0;
  #out: JsonValue[] = [];
  readonly #protocol: NotifyProtocol;

  constructor({ handlers, random = 0 }: Vector) {
    const work = (name: JsonValue) => {
      this.#out.push(name);
      if (handlers !== "manual") {
        this.#protocol.handled();
      }
    };
    const port: ProtocolPort = {
      connect: () => this.#out.push("connect"),
      disconnect: () => this.#out.push("disconnect"),
      send: (frame) => this.#out.push({ send: toJson(ClientFrameSchema, fromBinary(ClientFrameSchema, encodeFrame(frame))) }),
      deal: (event) => work({ event: toJson(NotifyMessageSchema, fromBinary(NotifyMessageSchema, event)) }),
      load: () => work("load"),
      onPosition: () => undefined,
      onFailure: () => this.#out.push("failed"),
      onResumed: (missed) => this.#out.push({ resumed: missed }),
      onReconnecting: () => this.#out.push("reconnecting"),
      onSessionEnded: () => this.#out.push("sessionEnded"),
      onAuthenticated: () => this.#out.push("authenticated"),
      onEnd: ({ code, reason }) => this.#out.push({ end: { code, reason } }),
    };
    this.#protocol = new NotifyProtocol(port, () => this.#now, () => random);
  }

  play({ at = this.#now, in: input, out, state }: Step, step: string): void {
    for (let due = this.#protocol.deadline; due !== undefined && due <= at; due = this.#protocol.deadline) {
      this.#now = due;
      this.#protocol.tick();
    }

    this.#now = at;
    if (input !== undefined) {
      this.#tell(input);
    }

    assert.deepEqual(this.#out, out, step);
    assert.equal(this.#protocol.state, state ?? this.#protocol.state, step);
    this.#out = [];
  }

  #tell(input: Input): void {
    const protocol = this.#protocol;
    if (input === "open") {
      protocol.opened();
    } else if (input === "garbage") {
      protocol.lost();
    } else if (input === "wake") {
      protocol.wake();
    } else if (input === "offline") {
      protocol.offline();
    } else if (input === "done") {
      protocol.handled();
    } else if (input === "fail") {
      protocol.failed(new Error("The handler failed."));
    } else if (input === "stop") {
      protocol.stop();
    } else if ("start" in input) {
      const { start, position } = input;
      protocol.start(start, position && { ...position, sequence: BigInt(position.sequence) });
    } else if ("authenticate" in input) {
      protocol.authenticate(input.authenticate);
    } else if ("frame" in input) {
      protocol.received(decodeFrame(toBinary(ServerFrameSchema, fromJson(ServerFrameSchema, input.frame))));
    } else {
      protocol.closed(input.close.code, input.close.reason);
    }
  }
}

for (const vector of vectors) {
  test(vector.name, () => {
    const player = new Player(vector);
    const begin = vector.begin ? begins[vector.begin]! : [];
    [...begin, ...vector.steps].forEach((step, i) => {
      const where = i < begin.length ? `${vector.begin}, step ${i + 1}` : `step ${i - begin.length + 1}`;
      player.play(step, `${where}: ${JSON.stringify(step)}`);
    });
  });
}
