/** The second half of a reload on the node: starts the new version, and clears its way. */
import type { Target } from "../../../events/reload-target.js";
import { isAlreadyRegistered, startPlugin } from "../../../node/plugins/plugin-command.js";
import type { StartOption } from "../../../node/plugins/start-options.js";
import { RpcError } from "../../../node/rpc/errors.js";
import { cancelStart, stopHungPlugin } from "../stop/stop-hung-plugin.js";

// A plugin file that a linker or an editor still has open for writing cannot be started (ETXTBSY),
// and no event reports when it is closed, so the start is retried.

/** How long to wait between two tries, in ms. */
export const BUSY_RETRY_MS = 10;
/** How long to retry before reporting a failure, in ms. */
export const BUSY_MAX_MS = 5_000;

/** Whether a start failed because of that. @param message from the node, or from an offline run */
export function isFileBusy(message: string): boolean {
  return message.includes("Text file busy");
}

export interface StartWithRetryOptions {
  readonly target: Target;
  /** The plugin's canonical path. */
  readonly path: string;
  readonly options: readonly StartOption[];
  /** Aborted when a newer version replaces this one: the start is then ended. */
  readonly signal: AbortSignal;
  /** Aborted when the caller has gone: the start is then left to the node. */
  readonly abandoned: AbortSignal;
  /** Resolves at the next change, or after `ms`. */
  readonly nextHint: (ms: number) => Promise<void>;
}

/**
 * Starts the plugin and waits until the node reports it as started.
 * @returns how long the successful start took, in ms
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
        // Another start came first: someone else's, or an earlier one of ours.
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

/** Sends one `plugin start`. Waits for the answer even if a newer version replaces this one. */
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
