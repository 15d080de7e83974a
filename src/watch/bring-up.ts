/** The second half of a reload on the node: the new version starts, past what is in its way. */
import { RpcError } from "../node/errors.js";
import { isAlreadyRegistered, startPlugin } from "../node/plugin-command.js";
import type { StartOption } from "../node/start-options.js";
import { stopHanging } from "./make-way.js";
import type { Target } from "./target.js";

export interface BringUpOptions {
  readonly target: Target;
  /** The plugin's canonical path. */
  readonly path: string;
  readonly options: readonly StartOption[];
  readonly signal: AbortSignal;
  /** Resolves at the next change, or after so many ms. */
  readonly nextHint: (ms: number) => Promise<void>;
}

/** A binary that its linker still holds open cannot be started (ETXTBSY). */
const BUSY_RETRY_MS = 10;
const BUSY_MAX_MS = 5_000;

/**
 * Starts the plugin and waits until the node calls it started.
 * @returns how long the node took for the start that worked, ms
 * @throws RpcError, NodeUnreachable (`cut` where the signal was aborted)
 */
export async function bringUp(up: BringUpOptions): Promise<number> {
  const begun = performance.now();
  for (;;) {
    const at = performance.now();
    try {
      await startPlugin(up.target.node.rpcFile, up.path, up.options, { signal: up.signal });
      return performance.now() - at;
    } catch (error) {
      if (isAlreadyRegistered(error) && at === begun) {
        // Somebody else, or an earlier start of ours, got there first.
        await stopHanging(up.target, up.path);
      } else if (isBusy(error) && at - begun < BUSY_MAX_MS) {
        await up.nextHint(BUSY_RETRY_MS);
      } else {
        throw error;
      }
    }
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof RpcError && error.message.includes("Text file busy");
}
