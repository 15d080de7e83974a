/** Sends notifications to the plugins that subscribe to them (lightningd/plugin.c plugins_notify). */
import { NOTIFICATIONS } from "../../plugin/release.js";
import type { HostedPlugin } from "../plugins/hosted-plugin.js";
import { type JsonRecord, jsonText } from "../rpc/json-text.js";

/** lightningd's own notifications hold their payload under their own name. */
export function notificationMessage(topic: string, payload: JsonRecord): string {
  return `{"jsonrpc":"2.0","method":"${topic}","params":{"${topic}":${jsonText(payload)}}}\n\n`;
}

/** Does it get this topic: by name, or by `*`, which is all but `log`? */
export function isSubscribed(plugin: HostedPlugin, topic: string): boolean {
  const subscriptions = plugin.manifest?.subscriptions ?? [];
  return subscriptions.includes(topic) || (topic !== "log" && subscriptions.includes("*"));
}

/**
 * Sends a message to each active plugin, once for each of its subscriptions that fit.
 * @param text the whole message, made only when somebody wants it
 * @returns the plugins that got it
 */
export function notifyAll(
  plugins: Iterable<HostedPlugin>,
  topic: string,
  text: () => string,
): readonly HostedPlugin[] {
  const receivers: HostedPlugin[] = [];
  let message: string | undefined;
  for (const wanted of topic === "log" ? [topic] : [topic, "*"]) {
    for (const plugin of plugins) {
      if (plugin.state !== "active" || plugin.ended) continue;
      const times = (plugin.manifest?.subscriptions ?? []).filter((name) => name === wanted);
      for (const _ of times) {
        message ??= text();
        plugin.send(message);
      }
      if (times.length > 0 && !receivers.includes(plugin)) receivers.push(plugin);
    }
  }
  return receivers;
}

/** What the plugins send that come with lightningd: on a real node these are known, too. */
const TOPICS_OF_REAL_PLUGINS = new Set([
  "channel_hint_update",
  "pay_failure",
  "pay_part_end",
  "pay_part_start",
  "pay_success",
]);

/** Is it a topic of lightningd, or one that some plugin has announced to send? */
export function isKnownTopic(plugins: Iterable<HostedPlugin>, topic: string): boolean {
  if (NOTIFICATIONS.has(topic) || TOPICS_OF_REAL_PLUGINS.has(topic)) return true;
  for (const plugin of plugins) {
    if (plugin.manifest?.notifications.includes(topic)) return true;
  }
  return false;
}
