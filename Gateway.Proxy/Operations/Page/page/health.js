// The state of the gateway, and below it what is wrong.

import { $, element, sync, text } from "./elements.js";

const names = { ready: "Ready", degraded: "Degraded", outage: "Outage", "not-ready": "Not ready" };

export function showHealth(health, troubles, node) {
  const name = names[health.status];
  document.body.dataset.state = health.status;
  text($("status"), name);
  document.title = `${name} · ${node} · Gateway`;
  $("fine").hidden = troubles.length > 0;
  sync($("troubles"), troubles, (trouble) => trouble.key, () => element("li", {}, element("span", { class: "level" }), element("span")), (item, trouble) => {
    item.dataset.level = trouble.level === "degraded" ? "warn" : "bad";
    text(item.children[0], trouble.level === "degraded" ? "Warning" : names[trouble.level]);
    text(item.children[1], trouble.what.charAt(0).toUpperCase() + trouble.what.slice(1));
    while (item.children.length > 2 + trouble.details.length) {
      item.lastChild.remove();
    }

    trouble.details.forEach((detail, i) => text(item.children[2 + i] ?? item.appendChild(element("span", { class: "detail" })), detail));
  });
}
