// One DAG: its runs as columns, its tasks as rows.

import { pauseSwitch, triggerButton } from "./controls.js";
import { fill, h, say } from "./dom.js";
import { watch } from "./live.js";
import { dagLink } from "./list_view.js";
import * as rest from "./rest.js";
import { badge, stateClass, stateName } from "./state.js";
import { showTask } from "./task_panel.js";
import { duration, fromNow, moment, secondsBetween } from "./time.js";

/** Show a DAG in `main`, with a run or a task of it opened. Returns a function that draws it again. */
export function showDag(main, { dagId, runId, taskId }) {
  const head = h("section", { class: "dag-head" });
  const table = h("div", { class: "grid-scroll" });
  const panel = h("aside", { class: "panel" });
  fill(main, head, h("div", { class: "split" }, table, panel));
  let task = null;

  async function draw() {
    try {
      const found = await rest.grid(dagId);
      drawHead(head, found);
      drawGrid(table, found, { dagId, runId, taskId });
      const run = found.runs.find((item) => item.run_id === runId);
      if (taskId && run) {
        task ??= showTask(panel, { dagId, runId, taskId });
        await task.draw();
      } else {
        drawRun(panel, found, run);
      }
    } catch (error) {
      if (error.status === 404) fill(main, h("p", { class: "empty" }, error.message));
      else say(error.message, true);
    }
  }

  watch((change) => { if (change.listChanged || change.dagIds.has(dagId)) draw(); });
  draw.stop = () => task?.stop();
  return draw;
}

function drawHead(head, { dag }) {
  fill(head,
    h("div", { class: "title" },
      h("a", { class: "dim", href: "#/" }, "DAGs"), h("span", { class: "dim" }, "/"),
      h("h1", {}, dag.dag_display_name), pauseSwitch(dag), triggerButton(dag, { wide: true })),
    dag.description ? h("p", { class: "dim" }, dag.description) : null,
    h("dl", { class: "facts" },
      fact("Schedule", dag.schedule === "None" ? "on demand" : dag.schedule),
      fact("Next run", dag.is_paused ? "paused" : dag.next_run_after ? `${fromNow(dag.next_run_after)} (${moment(dag.next_run_after)} UTC)` : "–"),
      fact("Tasks", String(dag.task_count)),
      fact("File", dag.file),
      dag.owners.length ? fact("Owner", dag.owners.join(", ")) : null));
}

const fact = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));

function drawGrid(table, { dag, tasks, runs, hidden_tasks: hidden }, { dagId, runId, taskId }) {
  if (!runs.length) {
    fill(table, h("p", { class: "empty" }, dag.is_paused
      ? "No run yet. The DAG is paused: switch it on, or run it now."
      : "No run yet."));
    return;
  }
  const longest = Math.max(0.001, ...runs.map((run) => secondsBetween(run.started_at, run.ended_at)));
  const link = (run, task) => `${dagLink(dagId)}/runs/${encodeURIComponent(run.run_id)}${task ? `/tasks/${encodeURIComponent(task)}` : ""}`;
  fill(table, h("table", { class: "grid" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Task"),
      runs.map((run) => h("th", { scope: "col", class: run.run_id === runId ? "on" : "" }, runBar(run, longest, link(run)))))),
    h("tbody", {}, tasks.map((task, index) => h("tr", { class: task.task_id === taskId ? "on" : "" },
      h("th", { scope: "row", title: task.operator }, indent(task.depth), task.label,
        task.is_mapped ? h("span", { class: "dim" }, " [ ]") : null),
      runs.map((run) => cell(run, task, index, link, run.run_id === runId, task.task_id === taskId)))))),
  hidden ? h("p", { class: "dim" }, `${hidden} more tasks are not shown; \`etesian tasks list ${dagId}\` lists them.`) : null);
  if (!table.dataset.scrolled) {
    table.scrollLeft = table.scrollWidth;
    table.dataset.scrolled = "yes";
  }
}

const indent = (depth) => (depth ? h("span", { class: "indent" }, "·".repeat(depth)) : null);

function runBar(run, longest, href) {
  const bar = h("span", { class: `bar-fill ${stateClass(run.state)}` });
  bar.style.height = `${Math.max(8, Math.round(100 * secondsBetween(run.started_at, run.ended_at) / longest))}%`;
  const title = `${run.run_id}\n${stateName(run.state)}, ${duration(run.started_at, run.ended_at) || "not started"}\nrun after ${moment(run.run_after)} UTC`;
  return h("a", { class: "run-bar", href, title, "aria-label": `${run.run_id}: ${stateName(run.state)}` }, bar);
}

function cell(run, task, index, link, inRun, inTask) {
  const state = run.states[index];
  if (state === null) return h("td", { class: inRun ? "on" : "" });
  return h("td", { class: inRun ? "on" : "" }, h("a", {
    class: `square ${stateClass(state)}${inRun && inTask ? " picked" : ""}`, href: link(run, task.task_id),
    title: `${task.label}\n${stateName(state)}\n${run.run_id}`, "aria-label": `${task.label} in ${run.run_id}: ${stateName(state)}`,
  }));
}

function drawRun(panel, { tasks, runs }, picked) {
  const run = picked ?? runs.at(-1);
  if (!run) { fill(panel); return; }
  const counts = new Map();
  for (const state of run.states) if (state !== null) counts.set(state, (counts.get(state) ?? 0) + 1);
  fill(panel,
    h("h2", {}, picked ? "Run" : "Latest run", badge(run.state)),
    h("dl", { class: "facts tall" },
      fact("Run id", run.run_id), fact("Type", run.run_type),
      run.logical_date ? fact("Logical date", `${moment(run.logical_date)} UTC`) : null,
      fact("Started", run.started_at ? `${moment(run.started_at)} UTC` : "not yet"),
      run.started_at ? fact("Duration", duration(run.started_at, run.ended_at)) : null,
      run.reason ? fact("Reason", run.reason) : null,
      Object.keys(run.conf).length ? fact("Conf", JSON.stringify(run.conf)) : null,
      run.note ? fact("Note", run.note) : null),
    h("div", { class: "legend" }, [...counts].map(([state, count]) =>
      h("span", {}, h("i", { class: `square ${stateClass(state)}` }), ` ${stateName(state)} ${count}`))),
    h("p", { class: "dim" }, tasks.length ? "Click a square to read the task's log." : ""));
}
