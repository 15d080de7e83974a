/** Every plugin on every node reloaded once, without watching anything: for the one-shot commands. */

import { targetOf } from "../events/reload-target.js";
import type { Emit, Outcome } from "../events/watch-events.js";
import type { Settings } from "../settings/types.js";
import { Reloader } from "./reload/reloader.js";

/**
 * Resolves when every target has its outcome.
 * @throws the signal's reason, when it is aborted before
 */
export async function reloadOnce(
  { plugins, nodes }: Pick<Settings, "plugins" | "nodes">,
  emit: Emit,
  signal: AbortSignal,
): Promise<Outcome[]> {
  const reloaders = nodes.flatMap((node) =>
    plugins.map((plugin) => new Reloader(targetOf(plugin, node), { emit })),
  );
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
  });
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    const requests = reloaders.map((reloader) => reloader.request("command"));
    return await Promise.race([Promise.all(requests), aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    await Promise.all(reloaders.map((reloader) => reloader.close()));
  }
}
