// What became of the last change of the routes, and the settings that the gateway was started with.

import { $, element, hasAll, sync, text, wordsIn } from "./elements.js";
import { clock } from "./format.js";
import { ask } from "./gateway.js";

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

let settings = [];

/** They are those of the start, so they are asked for once they are to be seen. */
export async function openSettings() {
  settings = await ask("/admin/settings");
  showSettings();
}

export function showSettings() {
  const words = wordsIn("settings-filter");
  const shown = settings.filter((one) => hasAll(words, [one.setting, one.value, one.source ?? "default"]));
  sync($("settings").tBodies[0], shown, (one) => one.setting, () => element("tr", {}, ...["Setting", "Value", "Written in"].map((label) => element("td", { "data-label": label }))), (row, one) =>
    [one.setting, one.value, one.source ?? "default"].forEach((value, i) => text(row.children[i], value)));
}
