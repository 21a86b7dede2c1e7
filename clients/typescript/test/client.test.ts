import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, test } from "node:test";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { CallError, GatewayClient, GatewaySession, type GatewayClientOptions, type Route, type SessionReason } from "../src/index.js";
import { GetUserInfoReqSchema, GetUserInfoRspSchema, type GetUserInfoReq, type GetUserInfoRsp } from "./messages/user_pb.js";

// Calls, on an HTTP server that answers what the test says.

const getUserInfo: Route<{ userId: string }, GetUserInfoRsp> = {
  path: "/service/user/get_user_info",
  encode: (fields, ids) => toBinary(GetUserInfoReqSchema, create(GetUserInfoReqSchema, { ...fields, ...ids })),
  decode: (answer) => fromBinary(GetUserInfoRspSchema, answer),
};

interface Asked {
  message: GetUserInfoReq;
  headers: NodeJS.Dict<string | string[]>;
}

let gateway: Server;
let asked: Asked[];
let answer: (asked: Asked) => { success?: boolean; errmsg?: string; code?: string; body?: Uint8Array } | undefined;

beforeEach(async () => {
  asked = [];
  answer = () => ({ success: true });
  gateway = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
      chunks.push(chunk as Buffer);
    }

    const call = { message: fromBinary(GetUserInfoReqSchema, Buffer.concat(chunks)), headers: request.headers };
    asked.push(call);
    const said = answer(call);
    if (said) {
      const { code, body, ...fields } = said;
      response.setHeaders(new Map(code ? [["x-gateway-error", code]] : []));
      response.end(body ?? toBinary(GetUserInfoRspSchema, create(GetUserInfoRspSchema, fields)));
    }
  });
  await new Promise<void>((resolve) => gateway.listen(0, "127.0.0.1", resolve));
});

afterEach(() => {
  gateway.closeAllConnections();
  gateway.close();
});

function client(options: Partial<GatewayClientOptions> = {}): GatewayClient {
  return new GatewayClient({ url: `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`, ...options });
}

/** The gateway knows these sessions. */
function only(...sessions: string[]): void {
  answer = ({ message }) => sessions.includes(message.sessionId)
    ? { success: true }
    : { success: false, errmsg: "Log in again.", code: "session-invalid" };
}

async function failure(call: Promise<unknown>): Promise<CallError> {
  const error = await call.then(() => assert.fail("The call succeeded."), (reason: unknown) => reason);
  assert.ok(error instanceof CallError, String(error));
  return error;
}

test("Call_CarriesIdsAndHeaders", async () => {
  const session = new GatewaySession(() => "s-1");
  await session.get();
  const sut = client({ session, language: () => "zh-CN", headers: ({ sessionId }) => ({ Authorization: `Bearer ${sessionId}` }) });
  await sut.call(getUserInfo, { userId: "alice" });

  const [{ message, headers }] = asked as [Asked];
  assert.equal(message.userId, "alice");
  assert.equal(message.sessionId, "s-1");
  assert.match(message.requestId, /^[0-9a-f]{32}$/);
  assert.equal(headers["content-type"], "application/x-protobuf");
  assert.equal(headers["accept-language"], "zh-CN");
  assert.equal(headers.authorization, "Bearer s-1");
});

test("Call_Refused_SaysWhy", async () => {
  answer = () => ({ success: false, errmsg: "Not your friend." });
  const error = await failure(client().call(getUserInfo, { userId: "bob" }));
  assert.deepEqual([error.kind, error.code, error.message], ["refused", "", "Not your friend."]);
});

test("Call_FailedByTheGateway_HasItsCode", async () => {
  answer = () => ({ errmsg: "Later.", code: "overloaded" });
  const error = await failure(client().call(getUserInfo, { userId: "bob" }));
  assert.deepEqual([error.kind, error.code, error.message], ["gateway", "overloaded", "Later."]);
});

test("Call_AnswerIsNone_IsNetwork", async () => {
  answer = () => ({ body: Buffer.from("<html>") });
  const error = await failure(client().call(getUserInfo, { userId: "bob" }));
  assert.deepEqual([error.kind, error.message], ["network", "The answer of /service/user/get_user_info (HTTP 200) cannot be read."]);
  assert.ok(error.cause instanceof Error);
});

test("Call_WithoutAnswer_IsNetworkAfterItsTime", async () => {
  answer = () => undefined;
  assert.equal((await failure(client({ timeout: 50 }).call(getUserInfo, { userId: "bob" }))).kind, "network");
});

test("Call_GivenUp_IsCancelled", async () => {
  const controller = new AbortController();
  answer = () => void controller.abort();
  assert.equal((await failure(client().call(getUserInfo, { userId: "bob" }, { signal: controller.signal }))).kind, "cancelled");
});

test("Call_AnswersOfAnotherDeployment_AreReadByItsOutcome", async () => {
  answer = () => ({ success: true, errmsg: "no" });
  const outcome = (rsp: unknown) => ({ success: (rsp as GetUserInfoRsp).errmsg === "", text: "It says no." });
  assert.equal((await failure(client({ outcome }).call(getUserInfo, { userId: "bob" }))).message, "It says no.");
});

test("Fetch_OfTheApp_SendsTheCalls", async () => {
  const sent: unknown[] = [];
  const own: typeof fetch = (input, init) => {
    sent.push(input);
    return fetch(input, init);
  };
  await client({ fetch: own }).call(getUserInfo, { userId: "bob" });
  assert.equal(sent.length, 1);
});

test("Session_NotThereYet_IsAskedForByTheFirstCallThatNeedsOne", async () => {
  only("s-1");
  const reasons: SessionReason[] = [];
  const session = new GatewaySession((reason) => {
    reasons.push(reason);
    return "s-1";
  });
  await client({ session }).call(getUserInfo, { userId: "bob" });
  assert.deepEqual(asked.map(({ message }) => message.sessionId), ["", "s-1"]);
  assert.deepEqual(reasons, ["start"]);
});

test("Session_Ended_CallsTogether_AskForOneAndAreRepeated", async () => {
  only("s-2");
  const reasons: SessionReason[] = [];
  const session = new GatewaySession((reason) => {
    reasons.push(reason);
    return reason === "start" ? "s-1" : "s-2";
  });
  await session.get();
  const sut = client({ session });
  await Promise.all(["bob", "carol", "dave"].map((userId) => sut.call(getUserInfo, { userId })));
  assert.deepEqual(reasons, ["start", "ended"]);
  assert.equal(asked.length, 6);
});

test("Session_Ended_NoOther_FailsTheCall_AndIsNotAskedForAgain", async () => {
  only();
  const reasons: SessionReason[] = [];
  const session = new GatewaySession((reason) => {
    reasons.push(reason);
    return reason === "start" ? "s-1" : undefined;
  });
  await session.get();
  const sut = client({ session });
  assert.equal((await failure(sut.call(getUserInfo, { userId: "bob" }))).isSessionInvalid, true);
  assert.equal((await failure(sut.call(getUserInfo, { userId: "bob" }))).message, "Log in again.");
  assert.deepEqual(reasons, ["start", "ended"]);
  assert.equal(asked.length, 2);
});

test("Session_TheNextOneIsRefusedToo_FailsTheCall", async () => {
  only();
  let given = 0;
  const session = new GatewaySession(() => `s-${++given}`);
  assert.equal((await failure(client({ session }).call(getUserInfo, { userId: "bob" }))).isSessionInvalid, true);
  assert.equal(asked.length, 2);
});

test("Session_SetFromElsewhere_WhileTheUserIsAsked_IsTaken", async () => {
  only("s-2");
  const session = new GatewaySession((reason) => (reason === "start" ? "s-1" : new Promise(() => undefined)));
  await session.get();
  const call = client({ session }).call(getUserInfo, { userId: "bob" });
  while (asked.length === 0) {
    await new Promise(setImmediate);
  }

  session.set("s-2");
  assert.equal((await call).success, true);
});

test("Upload_CancelledBeforeItBegins_IsNotSent", async () => {
  const upload = client().upload(getUserInfo, { userId: "" }, () => undefined, AbortSignal.abort());
  assert.equal((await failure(upload)).kind, "cancelled");
  assert.equal(asked.length, 0);
});
