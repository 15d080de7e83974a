/** Stops a plugin when its session ends (`--stop-on-exit`). */
import type { Emit } from "../events/watch-events.js";
import { stopPlugin } from "../node/plugins/plugin-command.js";
import { descendantsOf } from "../node/plugins/plugin-processes.js";
import type { Reloader } from "./reload/reloader.js";
import { reportSlowStep, whySilent } from "./reload/slow-node-notice.js";
import { endLeftovers } from "./reload/stop/end-leftovers.js";
import { stopHungPlugin } from "./reload/stop/stop-hung-plugin.js";

/** A node that has not stopped a plugin by then is asked whether it answers at all, ms. */
const STOP_ANSWER_MS = 1_000;

/** A node that is gone has stopped its plugins; one that gives no answer is not waited for. */
export async function stopAtEnd(
  { state, target, processes }: Reloader,
  onEvent: Emit,
): Promise<void> {
  if (!("path" in state)) return;
  const { path } = state;
  const end = new AbortController();
  const { signal } = end;
  const leftovers = descendantsOf(processes);
  const endSlow = reportSlowStep(target, path, "stop", onEvent);
  const giveUp = async () => {
    const why = await whySilent(target);
    if (why === undefined || signal.aborted) return;
    const message = `${target.name.plugin} was not stopped: ${why}`;
    onEvent({ event: "notice", level: "warn", message });
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
  for (const message of await endLeftovers(leftovers)) {
    onEvent({ event: "notice", level: "warn", message });
  }
}
