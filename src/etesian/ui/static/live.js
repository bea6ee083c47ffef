// The event stream: tells views that something changed. A view registers what to do; bursts are joined.

const QUIET_MS = 250;
let listener = null;
let pending = null;
let timer = 0;

/** From now on call `onChange({ dagIds, listChanged })` when something changed. One listener at a time: the view shown. */
export function watch(onChange) {
  listener = onChange;
}

function noteChange(change) {
  pending ??= { dagIds: new Set(), listChanged: false };
  for (const run of change.runs) pending.dagIds.add(run.dag_id);
  pending.listChanged ||= change.dags_changed || change.more;
  if (!timer) timer = setTimeout(tell, QUIET_MS);
}

function tell() {
  const change = pending;
  pending = null;
  timer = 0;
  listener?.(change);
}

/** Open the stream; the browser opens it again when it breaks. */
export function connect(onStatus) {
  const stream = new EventSource("/api/etesian/v1/events");
  stream.addEventListener("open", () => {
    onStatus("live");
    noteChange({ runs: [], dags_changed: true });  // whatever was missed while it was closed
  });
  stream.addEventListener("error", () => onStatus("offline"));
  stream.addEventListener("changes", (event) => noteChange(JSON.parse(event.data)));
}
