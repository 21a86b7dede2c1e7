// The sockets of a user, and what an operator can do to them.

import { act, confirmed } from "./actions.js";
import { $, element, sync, text } from "./elements.js";
import { clock } from "./format.js";
import { ask, post } from "./gateway.js";

export async function find() {
  const user = $("user").value;
  const sockets = await ask(`/admin/sockets?${new URLSearchParams({ user })}`);
  $("found").hidden = false;
  $("found").dataset.user = user;
  text($("found-text"), sockets.length === 0 ? `${user} has no socket open, on no gateway.` : `${user} has ${sockets.length === 1 ? "one socket" : `${sockets.length} sockets`} open.`);
  $("sockets").hidden = sockets.length === 0;
  $("disconnect").hidden = sockets.length === 0;
  const labels = ["Socket", "Gateway", "Protocol", "Open since"];
  sync($("sockets").tBodies[0], sockets, (socket) => socket.socket, () => element("tr", {}, ...labels.map((label) => element("td", { "data-label": label }))), (row, socket) =>
    [socket.socket, socket.node, socket.protocol, clock(socket.since)].forEach((value, i) => text(row.children[i], value)));
}

export async function publish() {
  const { user } = $("found").dataset;
  const { sockets } = await post("/admin/publish", { user });
  return sockets === 0 ? `${user} has no socket open; the event went nowhere.` : `The test event is on its way to ${sockets === 1 ? "one socket" : `${sockets} sockets`}.`;
}

export async function disconnect(button) {
  const { user } = $("found").dataset;
  if (await confirmed(`Close all sockets of ${user}, on all gateways? The session stays, but clients take this for its end and ask for a login.`, "Close all")) {
    await act(button, async () => {
      await post("/admin/disconnect", { user });
      await find();
      return `The sockets of ${user} are being closed.`;
    });
  }
}

export async function disconnectSession(button) {
  const field = $("session");
  if (await confirmed("Close the sockets of this session, on all gateways?", "Close them")) {
    await act(button, async () => {
      const { user } = await post("/admin/disconnect", {}, JSON.stringify({ session: field.value }));
      field.value = "";
      return `The sockets of that session of ${user} are being closed.`;
    });
  }
}
