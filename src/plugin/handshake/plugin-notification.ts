/**
 * Reads a plugin's notifications (messages without an id) by lightningd's rules
 * (lightningd/plugin.c plugin_notification_handle, plugin_log_handle).
 */
import { parseJson } from "../../jsonrpc/json.js";
import { type Token, unescapeText } from "../../jsonrpc/token.js";
import { type LogLevel, parseLogLevel } from "../log-level.js";

export type PluginNotification =
  | {
      readonly kind: "log";
      readonly level: LogLevel;
      /** As lightningd logs it: not decoded if it has an escape that lightningd lacks (`\u`). */
      readonly message: string;
      /** The decoded message. */
      readonly text: string;
    }
  /** `message` or `progress`. `id` is the text of the request's id. */
  | { readonly kind: "progress"; readonly id: string }
  /** The plugin's own topic, sent on to its subscribers. */
  | { readonly kind: "custom"; readonly topic: string; readonly params: Token }
  /** lightningd kills the plugin with this message. */
  | { readonly kind: "fault"; readonly nodeMessage: string };

/** Reads and checks a message without an id. */
export function readNotification(message: Token): PluginNotification {
  const method = message.member("method");
  const params = message.member("params");
  if (method === undefined || params === undefined) {
    return fault(`Malformed JSON-RPC notification missing "method" or "params": ${message.raw}`);
  }
  if (method.is("log")) return readLog(params);
  if (method.is("message") || method.is("progress")) {
    const id = params.member("id");
    return id === undefined
      ? fault('JSON-RPC notify "id"-field is not present')
      : { kind: "progress", id: id.raw };
  }
  return { kind: "custom", topic: method.text, params };
}

function readLog(params: Token): PluginNotification {
  const message = params.member("message");
  if (message?.type !== "string") {
    return fault(`Log notification from plugin doesn't have a string "message" field`);
  }
  const given = params.member("level");
  const level = given === undefined ? "info" : parseLogLevel(given.text);
  if (level === undefined || level === "io") {
    return fault(
      `Unknown log-level ${given?.raw}, valid values are ` +
        '"trace", "debug", "info", "warn", or "error".',
    );
  }
  const text = parseJson(message.raw);
  return {
    kind: "log",
    level,
    message: unescapeText(message.text) ?? message.text,
    text: typeof text === "string" ? text : message.text,
  };
}

function fault(nodeMessage: string): PluginNotification {
  return { kind: "fault", nodeMessage };
}
