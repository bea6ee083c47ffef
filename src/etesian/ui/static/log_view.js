// A log: fetched in pieces, followed while the attempt runs.

import { fill, h } from "./dom.js";
import * as rest from "./rest.js";

const FOLLOW_MS = 700;
const MAX_LINES = 5000;

export function logView(box, { dagId, runId, taskId, mapIndex, tryNumber }) {
  const lines = h("ol", { class: "log" });
  const note = h("p", { class: "dim" });
  fill(box, lines, note);
  let token = null;
  let timer = 0;
  let stopped = false;
  let reading = null;

  async function readOn() {
    const atEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - 24;
    for (;;) {
      const piece = await rest.log(dagId, runId, taskId, mapIndex, tryNumber, token);
      if (stopped) return;
      lines.append(...piece.content.map(line));
      token = piece.continuation_token;
      if (!piece.content.length || !token) break;
    }
    const surplus = lines.childElementCount - MAX_LINES;
    if (surplus > 0) {
      for (let count = 0; count < surplus; count += 1) lines.firstElementChild.remove();
      note.textContent = `Only the last ${MAX_LINES} lines are shown.`;
    } else {
      note.textContent = lines.childElementCount ? "" : "Nothing was written.";
    }
    if (atEnd) box.scrollTop = box.scrollHeight;
  }

  async function follow(isRunning) {
    clearTimeout(timer);
    try {
      reading ??= readOn();
      await reading;
    } catch (error) {
      note.textContent = error.message;
    } finally {
      reading = null;
    }
    if (isRunning && !stopped) timer = setTimeout(() => follow(true), FOLLOW_MS);
  }

  return {
    follow,
    isFor: (index, number) => index === mapIndex && number === tryNumber,
    stop: () => { stopped = true; clearTimeout(timer); },
  };
}

function line(entry) {
  const level = (entry.level ?? "info").toLowerCase();
  return h("li", { class: `l-${level}` },
    h("time", {}, (entry.timestamp ?? "").slice(11, 23)),
    h("span", { class: "text" },
      level === "info" ? null : h("b", {}, `${level} `), entry.event ?? "",
      entry.error_detail ? h("pre", {}, entry.error_detail) : null));
}
