/** A plugin's `log` notification, by lightningd's rules (lightningd/plugin.c plugin_log_handle). */
import type { JsonObject } from "../jsonrpc/json.js";

/** Higher levels than these are lightningd's own (io). In any case: common/status_levels.c. */
const LEVELS = ["trace", "debug", "info", "unusual", "broken", "error", "warn"];

/** What lightningd kills the plugin with, or undefined where the notification is a good one. */
export function problemWithLog(params: JsonObject): string | undefined {
  const { level, message } = params;
  if (typeof message !== "string") {
    return `Log notification from plugin doesn't have a string "message" field`;
  }
  if (level === undefined) return undefined;
  if (typeof level === "string" && LEVELS.includes(level.toLowerCase())) return undefined;
  return (
    `Unknown log-level ${JSON.stringify(level)}, valid values are ` +
    '"trace", "debug", "info", "warn", or "error".'
  );
}
