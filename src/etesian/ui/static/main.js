// The status page: routes, health, and the connection to the event stream.

import { fill, h, say } from "./dom.js";
import { showDag } from "./dag_view.js";
import { showList } from "./list_view.js";
import { connect } from "./live.js";
import * as rest from "./rest.js";

const HEALTH_MS = 10000;
const PARTS = [["metadatabase", "database"], ["scheduler", "scheduler"], ["dag_processor", "parser"], ["triggerer", "triggerer"]];
const main = document.getElementById("main");
let view = null;
let shown = "";

function route() {
  const parts = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  const [section, dagId, , runId, , taskId] = parts;
  view?.stop?.();
  const name = section === "dags" && dagId ? dagId : "";
  if (name !== shown) fill(main);
  shown = name;
  view = name ? showDag(main, { dagId, runId, taskId }) : showList(main);
  document.title = name ? `${name} · Etesian` : "Etesian";
  view();
}

async function drawHealth() {
  const element = document.getElementById("health");
  try {
    const found = await rest.health();
    fill(element, PARTS.map(([key, label]) => {
      const status = found[key]?.status ?? "not started";
      return h("span", { class: `part ${status.replace(" ", "-")}`, title: `${label}: ${status}` }, label);
    }));
  } catch {
    fill(element, h("span", { class: "part unhealthy" }, "the API does not answer"));
  }
}

window.addEventListener("hashchange", route);
window.addEventListener("unhandledrejection", (event) => say(event.reason?.message ?? "something went wrong", true));
connect((status) => {
  const live = document.getElementById("live");
  live.textContent = status;
  live.className = `live ${status}`;
  drawHealth();
});
setInterval(drawHealth, HEALTH_MS);
drawHealth();
route();
