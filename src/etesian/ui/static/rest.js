// The REST API, as this page uses it.

export class RestError extends Error {
  constructor(status, detail) {
    super(typeof detail === "string" ? detail : JSON.stringify(detail));
    this.status = status;
  }
}

async function call(method, path, body) {
  const response = await fetch(path, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  let answer = null;
  try { answer = text ? JSON.parse(text) : null; } catch { answer = { detail: text }; }
  if (!response.ok) throw new RestError(response.status, answer?.detail ?? response.statusText);
  return answer;
}

const V2 = "/api/v2";
const V1 = "/api/etesian/v1";
const part = encodeURIComponent;
const runPath = (dagId, runId) => `${V2}/dags/${part(dagId)}/dagRuns/${part(runId)}`;

export const health = () => call("GET", `${V2}/monitor/health`);
export const importErrors = () => call("GET", `${V2}/importErrors`);
export const overview = (query) => call("GET", `${V1}/overview?${new URLSearchParams(query)}`);
export const grid = (dagId) => call("GET", `${V1}/dags/${part(dagId)}/grid`);
export const setPaused = (dagId, isPaused) => call("PATCH", `${V2}/dags/${part(dagId)}`, { is_paused: isPaused });
export const trigger = (dagId) => call("POST", `${V2}/dags/${part(dagId)}/dagRuns`, { logical_date: null, conf: {} });
export const instances = (dagId, runId, taskId, more = {}) =>
  call("GET", `${runPath(dagId, runId)}/taskInstances?${new URLSearchParams({ task_id: taskId, limit: "100", ...more })}`);
export const tries = (dagId, runId, taskId, mapIndex) =>
  call("GET", `${runPath(dagId, runId)}/taskInstances/${part(taskId)}/${mapIndex}/tries`);
export const log = (dagId, runId, taskId, mapIndex, tryNumber, token) => {
  const query = new URLSearchParams({ map_index: mapIndex, ...(token ? { token } : {}) });
  return call("GET", `${runPath(dagId, runId)}/taskInstances/${part(taskId)}/logs/${tryNumber}?${query}`);
};
export const why = (dagId, runId, taskId, mapIndex) =>
  call("GET", `${V1}/why?${new URLSearchParams({ dag_id: dagId, run_id: runId, task_id: taskId, map_index: mapIndex })}`);
export const clearTask = (dagId, runId, taskId) =>
  call("POST", `${V2}/dags/${part(dagId)}/clearTaskInstances`, {
    dry_run: false, dag_run_id: runId, task_ids: [taskId], include_downstream: true, only_failed: false,
  });
