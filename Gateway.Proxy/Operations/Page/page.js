// The management page. It looks at the gateway every two seconds, and joins buttons and forms with what they do.

import { act } from "./page/actions.js";
import { filterDestinations, turnCluster } from "./page/clusters.js";
import { openSettings, showSettings } from "./page/configuration.js";
import { $ } from "./page/elements.js";
import { interval, token } from "./page/gateway.js";
import { look, showFreshness } from "./page/look.js";
import { changeDestination, reload } from "./page/proxy.js";
import { showRoutes, turnRoute } from "./page/routes.js";
import { disconnect, disconnectSession, find, publish } from "./page/users.js";

$("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  token.keep($("token").value.trim());
  $("token").value = "";
  look();
});
$("forget").addEventListener("click", () => {
  token.forget();
  location.reload();
});
$("filter").addEventListener("input", showRoutes);
$("in-force").addEventListener("toggle", (event) => event.currentTarget.open && openSettings());
$("settings-filter").addEventListener("input", showSettings);
$("destination-filter").addEventListener("input", filterDestinations);
$("user-form").addEventListener("submit", (event) => {
  event.preventDefault();
  act(event.submitter ?? event.target.querySelector("button"), find);
});
$("session-form").addEventListener("submit", (event) => {
  event.preventDefault();
  disconnectSession(event.submitter ?? event.target.querySelector("button"));
});
$("clusters").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.turn) {
    turnCluster(button);
  } else if (button) {
    changeDestination(button);
  }
});
$("routes").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) {
    turnRoute(button);
  }
});
$("reload").addEventListener("click", (event) => act(event.currentTarget, reload));
$("publish").addEventListener("click", (event) => act(event.currentTarget, publish));
$("disconnect").addEventListener("click", (event) => disconnect(event.currentTarget));
$("confirm-yes").addEventListener("click", () => $("confirm").close("yes"));
$("confirm-no").addEventListener("click", () => $("confirm").close());
document.addEventListener("visibilitychange", () => document.hidden || look());
setInterval(showFreshness, 1000);

while (true) {
  await look();
  await new Promise((resolve) => setTimeout(resolve, interval));
}
