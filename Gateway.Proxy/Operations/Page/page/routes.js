// The table of routes, and its filter.

import { $, element, sync, text } from "./elements.js";

let routes = [];

export function setRoutes(all) {
  routes = all;
  showRoutes();
}

export function showRoutes() {
  const words = $("filter").value.toLowerCase().split(/\s+/);
  const shown = routes.filter((route) => {
    const all = Object.values(route).flat().join(" ").toLowerCase();
    return words.every((word) => all.includes(word));
  });
  text($("routes-note"), shown.length === routes.length ? `${shown.length} in force` : `${shown.length} of ${routes.length}`);
  sync($("routes").tBodies[0], shown, (route) => route.route, makeRoute, (row, route) => {
    const [path, rpc, cluster, limit, origin] = row.children;
    text(path.firstChild, route.path ?? "any path");
    text(path.lastChild, [route.methods.join(" "), route.route].filter(Boolean).join("  ·  "));
    text(rpc, route.rpc ?? "");
    text(cluster, route.cluster ?? "");
    text(limit, route.rateLimit ?? "");
    text(origin, route.origin.split("/").at(-1));
    origin.title = route.origin;
  });
}

const makeRoute = () => element("tr", {},
  element("td", {}, element("span"), element("span", { class: "origin" })),
  element("td", { "data-label": "RPC", class: "wide" }),
  ...["Cluster", "Limit", "Written in"].map((label) => element("td", { "data-label": label, class: "short" })));
