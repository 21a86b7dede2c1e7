import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { fromBinary } from "@bufbuild/protobuf";
import WebSocket from "ws";
import { GatewaySession, NotifySocket } from "../src/index.js";
import { NotifyMessageSchema } from "./messages/notify_pb.js";

// The client on a real gateway: `onHub.js <address> <protocol> <session> <fresh session> <file for the position>`. Writes down what its
// handlers are told, a line each. SIGUSR2 is the hint that the network may have changed.
const [url, protocol, sessionId, freshSessionId, file] = process.argv.slice(2) as [string, "gateway.notify.v2" | "plain", string, string, string];
const tell = (line: string) => console.log(line);

const socket = new NotifySocket({
  url,
  protocol,
  session: new GatewaySession((reason) => {
    tell(`session ${reason}`);
    return reason === "start" ? sessionId : freshSessionId;
  }),
  decode: (event) => fromBinary(NotifyMessageSchema, event),
  onEvent: async (event) => {
    const name = event.friendRemove!.userId;
    if (name.startsWith("poison")) {
      throw new Error(name);
    }

    // The first takes longest, so that only order keeps the others behind it.
    await setTimeout(name.endsWith("1") ? 100 : 0);
    tell(`event ${name}`);
  },
  onLoad: () => tell("load"),
  onFailure: (error) => tell(`failed ${(error as Error).message}`),
  onResumed: (missed) => tell(`resumed ${missed}`),
  onReconnecting: () => tell("reconnecting"),
  onAuthenticated: () => tell("authenticated"),
  onEnd: ({ code, reason }) => tell(`end ${code} ${reason}`),
  position: {
    key: file,
    storage: {
      getItem: (name) => (existsSync(name) ? readFileSync(name, "utf8") : null),
      setItem: writeFileSync,
    },
  },
  WebSocket,
});
process.on("SIGUSR2", socket.wake);
socket.start();
