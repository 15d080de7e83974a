/** Every plugin on every node reloaded once, without watching anything: for the one-shot commands. */
import type { Settings } from "../settings/types.js";
import type { Emit, Outcome } from "./events.js";
import { Reloader } from "./reloader.js";
import { targetOf } from "./target.js";

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

/** 0: all are live; 3: no node; 2: a value that cannot be used; 1: any other failure. */
export function exitCodeOf(outcomes: readonly Outcome[]): 0 | 1 | 2 | 3 {
  const bad = outcomes.filter((outcome) => outcome.event !== "reloaded");
  if (bad.length === 0) return 0;
  if (bad.some((outcome) => outcome.event === "failed")) return 1;
  if (bad.every((outcome) => outcome.event === "unreachable")) return 3;
  return bad.every((outcome) => outcome.event === "refused" && outcome.exitCode === 2) ? 2 : 1;
}
