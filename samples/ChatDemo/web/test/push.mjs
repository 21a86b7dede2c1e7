// A sub-service that pushes: what docs/push.md shows, in a program. Writes each answer as a line of JSON.
//   node test/push.mjs <host:port> <token> <user>
import { credentials, loadPackageDefinition, Metadata } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { fileURLToPath } from "node:url";

const [target, token, user] = process.argv.slice(2);
const protos = fileURLToPath(new URL("../../../../proto", import.meta.url));
const { push } = loadPackageDefinition(loadSync("push.proto", { includeDirs: [protos], defaults: true })).gateway;
const contract = loadPackageDefinition(loadSync("notify.proto", { includeDirs: [protos] })).bite_im;
const client = new push.v1.Push(target, credentials.createInsecure());
const metadata = new Metadata();
metadata.set("authorization", `Bearer ${token}`);

function ask(method, request) {
  return new Promise((resolve) => client[method](request, metadata, { deadline: Date.now() + 10_000 }, (error, answer) => {
    console.log(JSON.stringify(error ? { code: error.code, message: error.details } : answer));
    resolve(answer);
  }));
}

const message = contract.NotifyMessage.serialize({ notifyType: "FRIEND_REMOVE_NOTIFY", friendRemove: { userId: "bob" } });
await ask("FindOnline", { userIds: [user, "nobody"] });
await ask("Publish", { userIds: [user], message, idempotencyKey: "from-node" });
await ask("Publish", { userIds: [user], message, idempotencyKey: "from-node" });
await ask("Publish", { userIds: [user], fields: { fields: { notify_event_id: { stringValue: "as fields" } } } });
await ask("Publish", { userIds: [] });
await ask("Disconnect", { userId: user });
client.close();
