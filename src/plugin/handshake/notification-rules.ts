/**
 * A message without id from a plugin, by lightningd's rules (lightningd/plugin.c
 * plugin_notification_handle, plugin_log_handle). Used by the offline handshake.
 */
import { isObject, type JsonObject } from "../../jsonrpc/json.js";

/** What lightningd kills the plugin with, or undefined where the notification is a good one. */
export function problemWithNotification(notification: JsonObject): string | undefined {
  const { method, params } = notification;
  if (method === undefined || params === undefined) {
    const text = JSON.stringify(notification);
    return `Malformed JSON-RPC notification missing "method" or "params": ${text}`;
  }
  const named = isObject(params) ? params : {};
  if ((method === "message" || method === "progress") && named.id === undefined) {
    return `JSON-RPC notify "id"-field is not present`;
  }
  return method === "log" ? problemWithLog(named) : undefined;
}

/** Higher levels than these are lightningd's own (io). In any case: common/status_levels.c. */
const LEVELS = ["trace", "debug", "info", "unusual", "broken", "error", "warn"];

function problemWithLog(params: JsonObject): string | undefined {
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
