/** The second half of a reload on the node: the new version starts, past what is in its way. */

import type { Target } from "../../../events/reload-target.js";
import { isAlreadyRegistered, startPlugin } from "../../../node/plugins/plugin-command.js";
import type { StartOption } from "../../../node/plugins/start-options.js";
import { RpcError } from "../../../node/rpc/errors.js";
import { cancelStart, stopHungPlugin } from "../stop/stop-hung-plugin.js";

// A plugin file that a linker or an editor still has open for writing cannot be started (ETXTBSY), and
// no event reports its end: the start is tried again.

/** Between two tries. */
export const BUSY_RETRY_MS = 10;
/** After this it is reported as a failure. */
export const BUSY_MAX_MS = 5_000;

/** Whether a start has failed by that. @param message the node's, or that of an offline run */
export function isFileBusy(message: string): boolean {
  return message.includes("Text file busy");
}

export interface StartWithRetryOptions {
  readonly target: Target;
  /** The plugin's canonical path. */
  readonly path: string;
  readonly options: readonly StartOption[];
  /** A newer version is to replace this one: its start is ended. */
  readonly signal: AbortSignal;
  /** The caller has gone: the start is left to the node. */
  readonly abandoned: AbortSignal;
  /** Resolves at the next change, or after so many ms. */
  readonly nextHint: (ms: number) => Promise<void>;
}

/**
 * Starts the plugin and waits until the node calls it started.
 * @returns how long the node took for the start that worked, ms
 * @throws RpcError, NodeUnreachable (`cut` if a signal was aborted)
 */
export async function startWithRetry(start: StartWithRetryOptions): Promise<number> {
  const begun = performance.now();
  let hasStoppedOther = false;
  for (;;) {
    const at = performance.now();
    try {
      await startOnce(start);
      return performance.now() - at;
    } catch (error) {
      if (isAlreadyRegistered(error) && !hasStoppedOther) {
        // Somebody else, or an earlier start of ours, got there first.
        hasStoppedOther = true;
        await stopHungPlugin(start.target, start.path, start.abandoned);
      } else if (isBusy(error) && at - begun < BUSY_MAX_MS) {
        await start.nextHint(BUSY_RETRY_MS);
      } else {
        throw error;
      }
    }
  }
}

/** One `plugin start`. When a newer version is to replace it, the node's answer is still waited for. */
async function startOnce(start: StartWithRetryOptions): Promise<void> {
  const { target, path, options, signal, abandoned } = start;
  const cut = new AbortController();
  const cutNow = () => cut.abort();
  let ended = false;
  let ending: Promise<void> | undefined;
  const end = () => {
    ending = cancelStart(target, path, () => ended, abandoned).finally(cutNow);
  };
  if (signal.aborted || abandoned.aborted) cutNow();
  signal.addEventListener("abort", end, { once: true });
  abandoned.addEventListener("abort", cutNow, { once: true });
  try {
    await startPlugin(target.node.rpcFile, path, options, { signal: cut.signal });
  } finally {
    ended = true;
    signal.removeEventListener("abort", end);
    abandoned.removeEventListener("abort", cutNow);
    await ending;
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof RpcError && isFileBusy(error.message);
}
