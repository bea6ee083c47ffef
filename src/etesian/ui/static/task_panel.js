// One task instance: its facts, why it waits, and its log, which grows while the task runs.

import { fill, h, say } from "./dom.js";
import { logView } from "./log_view.js";
import * as rest from "./rest.js";
import { badge, stateName } from "./state.js";
import { duration, moment } from "./time.js";

const WAITING = new Set(["none", "scheduled", "queued", "up_for_retry", "up_for_reschedule", "deferred", "awaiting_input"]);

/** States that one looks for first among the instances of a mapped task. */
const TELLING = ["failed", "upstream_failed", "up_for_retry", "running", "queued", "scheduled"];

const WHY_MS = 3000;

/** Show a task instance in `panel`. `draw` brings it up to date; `stop` ends the following of its log. */
export function showTask(panel, { dagId, runId, taskId }) {
  let mapIndex = null;
  let tryNumber = null;
  let log = null;
  let asked = null;
  const head = h("div");
  const body = h("div", { class: "log-box" });
  fill(panel, head, body);

  async function draw() {
    const found = await instances();
    if (!found.length) { fill(head, h("p", { class: "empty" }, "This task was not part of that run.")); return; }
    const instance = found.find((item) => item.map_index === mapIndex) ?? mostTelling(found);
    mapIndex = instance.map_index;
    const state = instance.state ?? "none";
    const blockers = WAITING.has(state) ? await reasons() : [];
    drawHead(found, instance, blockers);
    const wanted = tryNumber ?? instance.try_number;
    if (!wanted) { fill(body, h("p", { class: "empty" }, "There is no log before the first try.")); return; }
    if (!log?.isFor(mapIndex, wanted)) {
      log?.stop();
      log = logView(body, { dagId, runId, taskId, mapIndex, tryNumber: wanted });
    }
    await log.follow(state === "running" && wanted === instance.try_number);
  }

  // Of thousands the first ones and those that failed are shown.
  async function instances() {
    const { task_instances: first, total_entries: total } = await rest.instances(dagId, runId, taskId);
    if (total <= first.length) return first;
    const { task_instances: failed } = await rest.instances(dagId, runId, taskId, { state: "failed" });
    const known = new Set(first.map((item) => item.map_index));
    return [...first, ...failed.filter((item) => !known.has(item.map_index))];
  }

  // The answer is made from all open runs, so it is not asked for at every change.
  async function reasons() {
    const subject = `${mapIndex}`;
    if (asked?.subject === subject && Date.now() - asked.at < WHY_MS) return asked.blockers;
    let blockers = [];
    try { ({ blockers } = await rest.why(dagId, runId, taskId, mapIndex)); } catch { /* shown without reasons */ }
    asked = { subject, at: Date.now(), blockers };
    return blockers;
  }

  function drawHead(found, instance, blockers) {
    const fact = (name, value) => (value || value === 0 ? h("div", {}, h("dt", {}, name), h("dd", {}, String(value))) : null);
    fill(head,
      h("h2", {}, instance.task_display_name, badge(instance.state)),
      h("dl", { class: "facts tall" },
        fact("Operator", instance.operator), fact("Run", runId),
        fact("Started", instance.start_date ? `${moment(instance.start_date)} UTC` : ""),
        fact("Duration", duration(instance.start_date, instance.end_date)),
        fact("Host", instance.hostname), fact("Note", instance.note), fact("Reason", instance.reason)),
      blockers.length ? h("div", { class: "why" }, h("b", {}, "Why it waits"), h("ul", {}, blockers.map((item) => h("li", {}, item.message)))) : null,
      h("div", { class: "bar" },
        found.length > 1 ? pick("Map index", found.map((item) => [item.map_index, ` · ${stateName(item.state)}`]), mapIndex, (value) => { mapIndex = value; tryNumber = null; draw(); }) : null,
        instance.try_number > 1 ? pick("Try", range(instance.try_number), tryNumber ?? instance.try_number, (value) => { tryNumber = value; draw(); }) : null,
        h("button", { type: "button", class: "chip", title: "Run it and what follows it again", onclick: clear }, "Clear and run again")));
  }

  async function clear() {
    try {
      await rest.clearTask(dagId, runId, taskId);
      tryNumber = null;
      say(`${taskId} and the tasks after it will run again`);
    } catch (error) {
      say(error.message, true);
    }
  }

  return { draw, stop: () => log?.stop() };
}

const range = (count) => Array.from({ length: count }, (_, index) => [index + 1, ""]);

/** The instance of a mapped task that its square speaks of: one that failed, else one that is not finished. */
function mostTelling(found) {
  return TELLING.map((state) => found.find((item) => item.state === state)).find(Boolean) ?? found[0];
}

function pick(label, values, chosen, onPick) {
  const select = h("select", { "aria-label": label, onchange: () => onPick(Number(select.value)) },
    values.map(([value, more]) => h("option", { value, selected: value === chosen }, `${label} ${value}${more}`)));
  return select;
}

