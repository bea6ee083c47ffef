// States in words and colours. The colours are classes of style.css.

import { h } from "./dom.js";

const NAMES = { none: "no status", up_for_retry: "up for retry", up_for_reschedule: "up for reschedule",
  upstream_failed: "upstream failed", awaiting_input: "awaiting input" };

export const stateName = (state) => NAMES[state ?? "none"] ?? state;
export const stateClass = (state) => `s-${state ?? "none"}`;

/** A small coloured label. */
export function badge(state) {
  return h("span", { class: `badge ${stateClass(state)}` }, stateName(state));
}
