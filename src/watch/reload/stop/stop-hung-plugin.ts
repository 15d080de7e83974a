/** Ends a plugin whose start has not ended: it hangs, or a newer version replaces it. */
import { realpathSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Target } from "../../../events/reload-target.js";
import { isUnmanageable, stopPlugin } from "../../../node/plugins/plugin-command.js";
import { killPluginProcesses } from "../../../node/plugins/plugin-processes.js";
import { NodeUnreachable } from "../../../node/rpc/errors.js";

/** A node without an answer by then is held up by the plugin itself. */
const STOP_ANSWER_MS = 1_000;
const KILLED_POLL_MS = 3;
const KILLED_MAX_MS = 5_000;

/**
 * Ends a start of ours that a newer version replaces; resolves when the node has answered it or
 * cannot be made to. Starting the changed file at once would be faster: lightningd replaces a
 * plugin whose checksum has changed. But while it waits for that plugin's manifest it frees it
 * twice, and dies of that sooner or later (v26.06.6: plugin_register, plugin_manifest_cb).
 * @param abandoned aborted: the start is left to the node
 */
export async function cancelStart(
  target: Target,
  path: string,
  hasEnded: () => boolean,
  abandoned: AbortSignal,
): Promise<void> {
  const { rpcFile, networkDir } = target.node;
  const until = performance.now() + KILLED_MAX_MS;
  while (!hasEnded() && !abandoned.aborted && performance.now() < until) {
    try {
      // Not found: the node has not read our start yet.
      await stopPlugin(rpcFile, path, { signal: abandoned, timeoutMs: STOP_ANSWER_MS });
    } catch (error) {
      // If the plugin's rpc_command hook is asked before each command, it holds up this one, too.
      if (!isUnmanageable(error) && !isSilent(error)) return;
      killPluginProcesses(path, realpathSync(networkDir));
    }
    await sleep(KILLED_POLL_MS);
  }
}

/**
 * Stops a plugin whose start has not ended. While the node waits for its manifest it refuses to
 * stop it, so the plugin's process is ended instead.
 * @throws RpcError, NodeUnreachable (`cut` if the signal was aborted)
 */
export async function stopHungPlugin(
  target: Target,
  path: string,
  signal?: AbortSignal,
): Promise<void> {
  const { rpcFile, networkDir } = target.node;
  const until = performance.now() + KILLED_MAX_MS;
  for (;;) {
    try {
      await stopPlugin(rpcFile, path, { signal });
      return;
    } catch (error) {
      if (!isUnmanageable(error) || performance.now() > until) throw error;
    }
    killPluginProcesses(path, realpathSync(networkDir));
    await sleep(KILLED_POLL_MS);
  }
}

function isSilent(error: unknown): boolean {
  return error instanceof NodeUnreachable && error.reason === "silent";
}
