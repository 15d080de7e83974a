/** Reloads without watching, for the one-shot commands. */
import { targetOf } from "../events/reload-target.js";
import type { Emit, Outcome } from "../events/watch-events.js";
import type { Settings } from "../settings/types.js";
import { Reloader } from "./reload/reloader.js";

/**
 * Reloads every plugin on every node once; resolves when every target has its outcome.
 * @throws the signal's reason if it is aborted first
 */
export async function reloadOnce(
  { plugins, nodes }: Pick<Settings, "plugins" | "nodes">,
  emit: Emit,
  signal: AbortSignal,
): Promise<Outcome[]> {
  const reloaders = nodes.flatMap((node) =>
    plugins.map((plugin) => new Reloader(targetOf(plugin, node), { emit })),
  );
  const close = () => Promise.all(reloaders.map((reloader) => reloader.close()));
  signal.addEventListener("abort", close, { once: true });
  const requests = reloaders.map((reloader) => reloader.request("command"));
  if (signal.aborted) void close();
  const outcomes = await Promise.all(requests);
  signal.removeEventListener("abort", close);
  await close();
  signal.throwIfAborted();
  return outcomes;
}
