/** Ends a plugin that is still starting: it hangs, or a newer version replaces it. */
import { realpathSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Target } from "../../../events/reload-target.js";
import { isUnmanageable, stopPlugin } from "../../../node/plugins/plugin-command.js";
import { killPluginProcesses } from "../../../node/plugins/plugin-processes.js";
import { NodeUnreachable } from "../../../node/rpc/errors.js";

/** How long the node may take to answer, in ms; after that, the plugin itself holds it up. */
const STOP_ANSWER_MS = 1_000;
const KILLED_POLL_MS = 3;
const KILLED_MAX_MS = 5_000;

/**
 * Ends our own start when a newer version replaces it. Resolves when the node has answered the
 * start, or cannot be made to. Starting the changed file at once would be faster, since lightningd
 * replaces a plugin whose checksum has changed. But if it is still waiting for that plugin's
 * manifest, it frees the plugin twice and sooner or later crashes (v26.06.6: plugin_register,
 * plugin_manifest_cb).
 * @param abandoned aborted to leave the start to the node
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
      // If the plugin is not found, the node has not read our start yet.
      await stopPlugin(rpcFile, path, { signal: abandoned, timeoutMs: STOP_ANSWER_MS });
    } catch (error) {
      // If the plugin has an rpc_command hook, it can hold up this command, too.
      if (!isUnmanageable(error) && !isSilent(error)) return;
      killPluginProcesses(path, realpathSync(networkDir));
    }
    await sleep(KILLED_POLL_MS);
  }
}

/**
 * Stops a plugin that is still starting. The node refuses to stop it while it waits for its
 * manifest, so the plugin's process is killed instead.
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
