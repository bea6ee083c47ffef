// Moments and durations, as people read them.

const relative = new Intl.RelativeTimeFormat("en", { numeric: "always", style: "narrow" });
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

/** "in 5 min", "3 h ago". */
export function fromNow(iso) {
  if (!iso) return "";
  const seconds = (Date.parse(iso) - Date.now()) / 1000;
  if (Math.abs(seconds) < 1) return "now";
  const [unit, length] = UNITS.find(([, size]) => Math.abs(seconds) >= size);
  return relative.format(Math.trunc(seconds / length), unit);
}

/** "2030-01-31 16:00:05", in UTC, like everywhere in Etesian. */
export function moment(iso) {
  return iso ? `${iso.slice(0, 10)} ${iso.slice(11, 19)}` : "";
}

/** "850 ms", "12.3 s", "4 min 5 s", "2 h 3 min". */
export function duration(startIso, endIso) {
  if (!startIso) return "";
  const seconds = Math.max(0, ((endIso ? Date.parse(endIso) : Date.now()) - Date.parse(startIso)) / 1000);
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

export function secondsBetween(startIso, endIso) {
  if (!startIso) return 0;
  return Math.max(0, ((endIso ? Date.parse(endIso) : Date.now()) - Date.parse(startIso)) / 1000);
}
