// What a button does: it asks back where that is due, and says how it ended.

import { $, text } from "./elements.js";
import { Refused } from "./gateway.js";
import { look } from "./look.js";

export async function act(button, work) {
  button.disabled = true;
  try {
    say(await work());
    await look();
  } catch (error) {
    say(error instanceof Refused ? error.message : "The gateway did not answer; whether it was done is not known.");
  } finally {
    button.disabled = false;
  }
}

export function confirmed(question, yes) {
  const dialog = $("confirm");
  text($("confirm-text"), question);
  text($("confirm-yes"), yes);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }));
}

let silence;

function say(words) {
  if (!words) {
    return;
  }

  const said = $("said");
  text(said, words);
  said.hidden = false;
  clearTimeout(silence);
  silence = setTimeout(() => { said.hidden = true; }, 6000);
}
