// The list of DAGs.

import { pauseSwitch, triggerButton } from "./controls.js";
import { fill, h, say } from "./dom.js";
import { watch } from "./live.js";
import * as rest from "./rest.js";
import { stateClass, stateName } from "./state.js";
import { duration, fromNow, moment } from "./time.js";

const PAGE = 50;
const FILTERS = [["all", "All"], ["active", "Active"], ["paused", "Paused"], ["running", "Running"], ["failed", "Failed"]];
const query = { state: "all", search: "", offset: 0 };

/** Show the list in `main`; returns a function that draws it again. */
export function showList(main) {
  const filters = h("div", { class: "filters", role: "group", "aria-label": "Filter" });
  const rows = h("div", { class: "rows" });
  const errors = h("div", { class: "errors" });
  const pages = h("div", { class: "pages" });
  const search = h("input", {
    type: "search", class: "search", placeholder: "Find a DAG or tag", "aria-label": "Find a DAG or tag", value: query.search,
    oninput: () => { query.search = search.value; query.offset = 0; draw(); },
  });
  fill(main, h("div", { class: "bar" }, search, filters), errors, rows, pages);

  async function draw() {
    const asked = { ...query };
    try {
      const [found, broken] = await Promise.all([
        rest.overview({ limit: PAGE, offset: asked.offset, search: asked.search, state: asked.state }),
        rest.importErrors(),
      ]);
      if (asked.search !== query.search || asked.state !== query.state || asked.offset !== query.offset) return;
      drawFilters(filters, found.counts, () => draw());
      drawErrors(errors, broken);
      fill(rows, found.dags.length ? [heading(), ...found.dags.map(row)] : nothing(found.counts.all));
      drawPages(pages, found.total_entries, () => draw());
    } catch (error) {
      say(error.message, true);
    }
  }

  watch(() => draw());
  return draw;
}

function drawFilters(element, counts, redraw) {
  fill(element, FILTERS.map(([state, label]) => h("button", {
    type: "button", class: state === query.state ? "chip on" : "chip", "aria-pressed": String(state === query.state),
    onclick: () => { query.state = state; query.offset = 0; redraw(); },
  }, label, h("span", { class: "count" }, String(counts[state] ?? 0)))));
}

function drawErrors(element, broken) {
  const wasOpen = element.querySelector("details")?.open ?? false;
  if (!broken.total_entries) { fill(element); return; }
  const noun = broken.total_entries === 1 ? "file" : "files";
  fill(element, h("details", { open: wasOpen },
    h("summary", {}, `${broken.total_entries} DAG ${noun} cannot be imported`),
    broken.import_errors.map((error) => h("div", { class: "import-error" },
      h("div", {}, h("code", {}, error.filename), h("span", { class: "dim" }, ` ${fromNow(error.timestamp)}`)),
      h("pre", {}, error.stack_trace)))));
}

function drawPages(element, total, redraw) {
  if (total <= PAGE) { fill(element); return; }
  const turn = (step) => () => { query.offset += step * PAGE; redraw(); };
  const last = Math.min(query.offset + PAGE, total);
  fill(element,
    h("button", { type: "button", class: "chip", disabled: query.offset === 0, onclick: turn(-1) }, "← Earlier"),
    h("span", { class: "dim" }, `${query.offset + 1} to ${last} of ${total}`),
    h("button", { type: "button", class: "chip", disabled: last >= total, onclick: turn(1) }, "Later →"));
}

function heading() {
  return h("div", { class: "row heading" },
    h("span"), h("span", {}, "DAG"), h("span", {}, "Schedule"), h("span", {}, "Next run"), h("span", {}, "Last runs"), h("span"));
}

function row(dag) {
  return h("div", { class: dag.is_paused ? "row paused" : "row" },
    pauseSwitch(dag),
    h("div", { class: "name" },
      h("a", { href: dagLink(dag.dag_id) }, dag.dag_display_name),
      h("span", { class: "tags" }, dag.tags.slice(0, 4).map((tag) => h("span", { class: "tag" }, tag))),
      dag.description ? h("div", { class: "dim about", title: dag.description }, dag.description) : null),
    h("code", { class: "schedule" }, dag.schedule === "None" ? "on demand" : dag.schedule),
    h("span", { class: "next", title: dag.next_run_after ? `${moment(dag.next_run_after)} UTC` : "" },
      dag.is_paused ? "paused" : fromNow(dag.next_run_after) || "–"),
    h("div", {},
      h("div", { class: "squares" }, dag.recent_runs.map((run) => square(dag.dag_id, run))),
      lastRun(dag.recent_runs.at(-1))),
    triggerButton(dag));
}

function square(dagId, run) {
  const lasted = duration(run.started_at, run.ended_at);
  return h("a", {
    class: `square ${stateClass(run.state)}`, href: `${dagLink(dagId)}/runs/${encodeURIComponent(run.run_id)}`,
    title: `${run.run_id}\n${stateName(run.state)}${lasted ? `, ${lasted}` : ""}`,
    "aria-label": `${run.run_id}: ${stateName(run.state)}`,
  });
}

function lastRun(run) {
  if (!run) return h("div", { class: "dim last" }, "never run");
  const when = run.ended_at ? `${fromNow(run.ended_at)}, took ${duration(run.started_at, run.ended_at)}` : fromNow(run.started_at ?? run.run_after);
  return h("div", { class: "dim last" }, h("b", { class: `t-${run.state}` }, stateName(run.state)), ` ${when}`);
}

function nothing(all) {
  return h("p", { class: "empty" }, all
    ? "No DAG fits this filter."
    : "There are no DAGs yet. Put a Python file with a DAG into the DAGs folder: it appears here within a second.");
}

export const dagLink = (dagId) => `#/dags/${encodeURIComponent(dagId)}`;
