// What an operator can do to destinations and routes.

import { act, confirmed } from "./actions.js";
import { warningOf } from "./clusters.js";
import { post } from "./gateway.js";

/** Drains a destination, or puts it back. */
export async function changeDestination(button) {
  const { action, cluster, destination, address } = button.dataset;
  const isDrain = action === "drain";
  if (isDrain) {
    const question = `Drain ${address}? It gets no new calls of ${cluster} from this gateway; those under way end as they would.`;
    if (!await confirmed([question, warningOf(cluster, destination)].filter(Boolean).join(" "), "Drain")) {
      return;
    }
  }

  await act(button, async () => {
    await post(`/admin/${action}`, { cluster, destination });
    return isDrain ? `${address} is drained.` : `${address} is back.`;
  });
}

export async function reload() {
  const answer = await post("/admin/reload");
  return answer.result === "refused" ? "Refused: those in use stay. The mistakes are listed." : answer.result === "applied" ? "The changed routes are in use." : "The files say what is in use already.";
}
