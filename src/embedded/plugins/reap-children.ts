/**
 * The plugin processes of all nodes in this program: none outlives its node, or the program, where that
 * ends without having closed its nodes. Used by plugin-host.ts.
 */
import type { HostedPlugin } from "./hosted-plugin.js";

/** How long a process whose stdin is closed may take to end before it is killed, in ms. */
const GRACE_MS = 1000;

const running = new Set<HostedPlugin>();

function killAll(): void {
  for (const plugin of running) plugin.killProcess();
}

/** Called when its process has started. */
export function trackProcess(plugin: HostedPlugin): void {
  if (running.size === 0) process.on("exit", killAll);
  running.add(plugin);
  void plugin.gone.then(() => {
    running.delete(plugin);
    if (running.size === 0) process.off("exit", killAll);
  });
}

/** Waits for processes to end, which they do when their stdin ends; what stays is killed. */
export async function endProcesses(plugins: ReadonlySet<HostedPlugin>): Promise<void> {
  const timer = setTimeout(() => {
    for (const plugin of plugins) plugin.killProcess();
  }, GRACE_MS);
  await Promise.all([...plugins].map((plugin) => plugin.gone));
  clearTimeout(timer);
  // What still holds a plugin's stderr would keep our own process alive.
  for (const plugin of plugins) plugin.forgetStderr();
}
