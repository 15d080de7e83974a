/**
 * What a plugin says unasked: log lines, progress of its requests, notifications of its own
 * (lightningd/plugin.c plugin_notification_handle). Used by plugin-host.ts.
 */
import { type Token, unescapeText } from "../../jsonrpc/token.js";
import { parseLogLevel } from "../../node/log/log-level.js";
import { isKnownTopic } from "../hooks/notifications.js";
import type { HostedPlugin } from "./hosted-plugin.js";
import type { PluginHost } from "./plugin-host.js";

/** @returns the reason to kill the plugin, if it has given one */
export function handleNotification(
  host: PluginHost,
  plugin: HostedPlugin,
  message: Token,
): string | undefined {
  const method = message.member("method");
  const params = message.member("params");
  if (method === undefined || params === undefined) {
    return `Malformed JSON-RPC notification missing "method" or "params": ${message.raw}`;
  }
  if (method.is("log")) return logLine(plugin, params);
  if (method.is("message") || method.is("progress")) return progress(plugin, message, params);
  const topic = method.text;
  if (!plugin.manifest?.notifications.includes(topic)) {
    plugin.log(
      "unusual",
      `Plugin attempted to send a notification to topic "${topic}" it hasn't declared in its ` +
        "manifest, not forwarding to subscribers.",
    );
  } else if (isKnownTopic(host.plugins, topic)) {
    host.notify(
      topic,
      () =>
        `{"jsonrpc":"2.0","method":"${topic}","origin":${JSON.stringify(plugin.name)},` +
        `"params":${params.raw}}\n\n`,
    );
  }
  return undefined;
}

function logLine(plugin: HostedPlugin, params: Token): string | undefined {
  const message = params.member("message");
  const levelField = params.member("level");
  if (message?.type !== "string") {
    return `Log notification from plugin doesn't have a string "message" field`;
  }
  const level = levelField === undefined ? "info" : parseLogLevel(levelField.text);
  if (level === undefined || level === "io") {
    return (
      `Unknown log-level ${levelField?.raw}, valid values are ` +
      '"trace", "debug", "info", "warn", or "error".'
    );
  }
  // A message with an escape that lightningd does not know is logged as it stands.
  const plain = unescapeText(message.text);
  const lines =
    plain === undefined || plain === message.text
      ? [message.text]
      : plain.replace(/\n$/, "").split("\n");
  for (const line of lines) plugin.log(level, line);
  return undefined;
}

function progress(plugin: HostedPlugin, message: Token, params: Token): string | undefined {
  const id = params.member("id");
  if (id === undefined) return 'JSON-RPC notify "id"-field is not present';
  plugin.pendingRequest(id.raw)?.onNotify?.(message);
  return undefined;
}
