// The pause switch and the trigger button, the same in the list and on a DAG's page.

import { h, say } from "./dom.js";
import * as rest from "./rest.js";

export function pauseSwitch(dag) {
  const input = h("input", {
    type: "checkbox", role: "switch", checked: !dag.is_paused,
    "aria-label": `${dag.dag_id} is scheduled`,
    onchange: async () => {
      try {
        await rest.setPaused(dag.dag_id, !input.checked);
        say(input.checked ? `${dag.dag_id} is scheduled from now on` : `${dag.dag_id} is paused`);
      } catch (error) {
        input.checked = !input.checked;
        say(error.message, true);
      }
    },
  });
  return h("label", { class: "switch", title: dag.is_paused ? "Paused: click to schedule it" : "Scheduled: click to pause it" },
    input, h("span", { class: "knob" }));
}

export function triggerButton(dag, { wide = false } = {}) {
  const button = h("button", {
    class: "trigger", type: "button", title: `Run ${dag.dag_id} now`, "aria-label": `Run ${dag.dag_id} now`,
    onclick: async () => {
      button.disabled = true;
      try {
        const run = await rest.trigger(dag.dag_id);
        say(dag.is_paused
          ? `${run.dag_run_id} is queued; it starts when ${dag.dag_id} is no longer paused`
          : `Started ${run.dag_run_id}`);
      } catch (error) {
        say(error.message, true);
      }
      button.disabled = false;
    },
  }, wide ? "▶ Run now" : "▶");
  return button;
}
