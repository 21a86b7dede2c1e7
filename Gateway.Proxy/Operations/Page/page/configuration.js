// What became of the last change of the routes.

import { $, element, sync, text } from "./elements.js";
import { clock } from "./format.js";

export function showConfiguration(reload) {
  if (!reload) {
    return;
  }

  const words = { applied: "The last change was taken over", refused: "The last change was refused", unchanged: "The files were read again and say the same" };
  $("configuration").replaceChildren(
    element("span", { class: reload.result === "refused" ? "warn" : "" }, `${words[reload.result]} at ${clock(reload.at)}.`),
    " In use is revision ", element("code", {}, reload.revision), `, since ${clock(reload.appliedAt)}.`);
  sync($("mistakes"), reload.errors, (error) => error, () => element("li"), text);
  text($("restart"), reload.waitForRestart.length > 0 ? `These settings have changed and wait for a restart: ${reload.waitForRestart.join(", ")}.` : "");
}
