import { setTimeout } from "node:timers/promises";
import { NotifySocket } from "../src/gateway/socket";

// The client on a real gateway: `client.mjs <address> <session> <fresh session>`. Writes down what its handlers are told, a line each.
// SIGUSR2 is the hint that the network may have changed.
const [url, sessionId, freshSessionId] = process.argv.slice(2) as [string, string, string];
const tell = (line: string) => console.log(line);

const socket = new NotifySocket(url, {
  onEvent: async (event) => {
    const name = event.friendRemove!.userId;
    if (name.startsWith("poison")) {
      throw new Error(name);
    }

    // The first takes longest, so that only order keeps the others behind it.
    await setTimeout(name.endsWith("1") ? 100 : 0);
    tell(`event ${name}`);
  },
  onFresh: () => tell("fresh"),
  onFailure: (error) => tell(`failed ${(error as Error).message}`),
  onResumed: (missed) => tell(`resumed ${missed}`),
  onReconnecting: () => tell("reconnecting"),
  onSessionEnded: () => {
    tell("session ended");
    socket.authenticate(freshSessionId);
  },
  onAuthenticated: () => tell("authenticated"),
  onEnd: ({ code, reason }) => tell(`end ${code} ${reason}`),
});
process.on("SIGUSR2", socket.wake);
socket.start(sessionId);
