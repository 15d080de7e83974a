/** Stops a plugin when its watch session ends, without waiting for a node that does not answer. */
import type { Target } from "../../../events/reload-target.js";
import type { Emit } from "../../../events/watch-events.js";
import { stopPlugin } from "../../../node/plugins/plugin-command.js";
import { descendantsOf, type ProcessIdentity } from "../../../node/plugins/plugin-processes.js";
import type { PluginState } from "../plugin-on-node.js";
import { reportSlowStep, whySilent } from "../slow-node-notice.js";
import { endLeftovers } from "./end-leftovers.js";
import { stopHungPlugin } from "./stop-hung-plugin.js";

/** How long to wait for the stop before checking whether the node answers at all, in ms. */
const STOP_ANSWER_MS = 1_000;

export interface PluginAtEnd {
  readonly target: Target;
  readonly state: PluginState;
  /** The processes that the node started for the running version; empty if unknown. */
  readonly processes: readonly ProcessIdentity[];
}

/**
 * Stops the plugin and ends its leftovers. A node that is gone has already stopped its plugins; one
 * that does not answer is not waited for.
 */
export async function stopAtEnd(
  { state, target, processes }: PluginAtEnd,
  emit: Emit,
): Promise<void> {
  if (!("path" in state)) return;
  const { path } = state;
  const end = new AbortController();
  const { signal } = end;
  const leftovers = descendantsOf(processes);
  const endSlow = reportSlowStep(target, path, "stop", emit);
  const warn = (message: string) => emit({ event: "notice", level: "warn", message });
  const giveUp = async () => {
    const why = await whySilent(target.node);
    if (why === undefined || signal.aborted) return;
    warn(`${target.name.plugin} was not stopped: ${why}`);
    end.abort();
  };
  const timer = setTimeout(() => void giveUp(), STOP_ANSWER_MS);
  const stop =
    state.is === "running"
      ? stopPlugin(target.node.rpcFile, path, { signal })
      : stopHungPlugin(target, path, signal);
  await stop.catch(() => {});
  clearTimeout(timer);
  endSlow();
  end.abort();
  for (const message of await endLeftovers(leftovers)) warn(message);
}
