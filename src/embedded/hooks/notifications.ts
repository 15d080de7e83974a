/** Sends notifications to their subscribers (lightningd/plugin.c plugins_notify). */
import { NOTIFICATIONS } from "../../plugin/release.js";
import type { HostedPlugin } from "../plugins/hosted-plugin.js";
import { type JsonRecord, jsonText } from "../rpc/json-text.js";

/** Formats one of lightningd's own notifications. Its payload is under its name. */
export function notificationMessage(topic: string, payload: JsonRecord): string {
  return `{"jsonrpc":"2.0","method":"${topic}","params":{"${topic}":${jsonText(payload)}}}\n\n`;
}

/** Whether a plugin gets this topic: by name, or by `*`, which matches all but `log`. */
export function isSubscribed({ manifest }: HostedPlugin, topic: string): boolean {
  return (manifest?.subscriptions ?? []).some((name) => fits(name, topic));
}

function fits(subscription: string, topic: string): boolean {
  return subscription === topic || (subscription === "*" && topic !== "log");
}

/**
 * Sends a message to each active plugin, once for each of its matching subscriptions.
 * @param text returns the whole message; called only if a plugin wants it
 * @returns the plugins that got it
 */
export function notifyAll(
  plugins: readonly HostedPlugin[],
  topic: string,
  text: () => string,
): readonly HostedPlugin[] {
  const receivers = plugins.filter(
    (plugin) => plugin.state === "active" && !plugin.ended && isSubscribed(plugin, topic),
  );
  const message = receivers.length > 0 ? text() : "";
  for (const plugin of receivers) {
    for (const name of plugin.manifest?.subscriptions ?? []) {
      if (fits(name, topic)) plugin.send(message);
    }
  }
  return receivers;
}

/** The topics of lightningd's own plugins, which a real node knows as well. */
const TOPICS_OF_REAL_PLUGINS = new Set([
  "channel_hint_update",
  "pay_failure",
  "pay_part_end",
  "pay_part_start",
  "pay_success",
]);

/** Whether lightningd has this topic, or a plugin has announced it. */
export function isKnownTopic(plugins: readonly HostedPlugin[], topic: string): boolean {
  if (NOTIFICATIONS.has(topic) || TOPICS_OF_REAL_PLUGINS.has(topic)) return true;
  return plugins.some(({ manifest }) => manifest?.notifications.includes(topic));
}
