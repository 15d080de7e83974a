/** What the node makes of a plugin's notifications: log lines, progress, its own topics. */
import type { Token } from "../../jsonrpc/token.js";
import { readNotification } from "../../plugin/handshake/plugin-notification.js";
import { isKnownTopic } from "../hooks/notifications.js";
import type { HostedPlugin } from "./hosted-plugin.js";

/** What it needs of the plugin host. */
export interface Notifier {
  readonly plugins: readonly HostedPlugin[];
  notify(topic: string, text: () => string): void;
}

/** @returns the reason to kill the plugin, if it has given one */
export function handleNotification(
  host: Notifier,
  plugin: HostedPlugin,
  message: Token,
): string | undefined {
  const notification = readNotification(message);
  switch (notification.kind) {
    case "fault":
      return notification.nodeMessage;
    case "log":
      for (const line of notification.message.replace(/\n$/, "").split("\n")) {
        plugin.log(notification.level, line);
      }
      return undefined;
    case "progress":
      plugin.pendingRequest(notification.id)?.onNotify?.(message);
      return undefined;
    case "custom":
      forward(host, plugin, notification.topic, notification.params);
      return undefined;
  }
}

function forward(host: Notifier, plugin: HostedPlugin, topic: string, params: Token): void {
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
}
