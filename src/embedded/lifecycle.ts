/** The end of all plugins when the node ends (lightningd/plugin.c shutdown_plugins). Used by node.ts. */
import type { NodeLog } from "./log/node-log.js";
import type { PluginHost } from "./plugins/plugin-host.js";

/**
 * Those that subscribe to `shutdown` get up to this many ms, the others none: they read the end of
 * their stdin. Resolves when no plugin is on the list.
 */
export async function shutdownPlugins(
  host: PluginHost,
  log: NodeLog,
  graceMs: number,
): Promise<void> {
  host.beginShutdown();
  for (const plugin of host.plugins) {
    plugin.forgetRequests();
    if (!host.sendShutdown(plugin)) plugin.end();
  }
  if (host.plugins.length > 0) await allEnded(host, graceMs);
  for (const plugin of host.plugins) {
    log.add("lightningd", "debug", `${plugin.name}: failed to self-terminate in time, killing.`);
    plugin.end();
  }
}

function allEnded(host: PluginHost, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, graceMs);
    const look = () => {
      if (host.plugins.length > 0) return;
      clearTimeout(timer);
      resolve();
    };
    for (const plugin of host.plugins) plugin.whenEnded(() => setImmediate(look));
  });
}
