/** Every plugin on every node reloaded once, without watching anything: for the one-shot commands. */

import { targetOf } from "../events/reload-target.js";
import type { Emit, Outcome } from "../events/watch-events.js";
import { ringBytes } from "../node/log/getlog-stream.js";
import type { Settings } from "../settings/types.js";
import { startedOf, tellInitErrors } from "./follow-up/init-errors.js";
import { Reloader } from "./reload/reloader.js";

/** A larger log ring would take longer to read than a one-shot command should; in bytes. */
const MAX_RING = 4 * 1024 * 1024;
const LOOK_TIMEOUT_MS = 1_000;

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
    const outcomes = await Promise.race([Promise.all(requests), aborted]);
    const looks = nodes.map(({ rpcFile }) => lookOnce(rpcFile, reloaders, emit, signal));
    await Promise.race([Promise.all(looks), aborted]);
    return outcomes;
  } finally {
    signal.removeEventListener("abort", onAbort);
    await Promise.all(reloaders.map((reloader) => reloader.close()));
  }
}

/** Tells of an `init` that was answered with an error, where that is soon found out. Throws nothing. */
async function lookOnce(
  rpcFile: string,
  reloaders: readonly Reloader[],
  emit: Emit,
  signal: AbortSignal,
): Promise<void> {
  const here = reloaders.filter(
    (reloader) => reloader.target.node.rpcFile === rpcFile && startedOf(reloader) !== undefined,
  );
  if (here.length === 0) return;
  const options = { signal, timeoutMs: LOOK_TIMEOUT_MS };
  try {
    if ((await ringBytes(rpcFile, options)) > MAX_RING) return;
    await tellInitErrors(here, emit, options);
  } catch {
    // The plugin runs: that has been told.
  }
}
