/**
 * A start that takes long: lightningd waits 120 s for a plugin that does not answer, and nobody wants
 * to wait so long to learn that an answer was not flushed. What can be known is told before that.
 */
import { diagnoseHang, type Started } from "../../diagnose/on-demand.js";
import type { Emit } from "../../events/watch-events.js";

/** Longer than most plugins take for their start, and than anybody likes to wait without a word. */
export const SLOW_START_MS = 10_000;

/**
 * Says of a start that is still under way after {@link SLOW_START_MS} where it hangs, if it does.
 * @param times for tests: in place of that, and how long the plugin gets offline for each answer
 * @returns to be called when the start has ended
 */
export function tellSlowStart(
  started: Started,
  emit: Emit,
  signal: AbortSignal,
  { afterMs = SLOW_START_MS, timeoutMs }: { afterMs?: number; timeoutMs?: number } = {},
): () => void {
  const over = new AbortController();
  const { target } = started;
  const tell = async () => {
    const message = `${target.name.plugin} has not finished its start after ${afterMs / 1000} s; lightningd waits 120 s for each of its two answers`;
    emit({ event: "notice", level: "warn", message });
    const diagnosis = await diagnoseHang(
      started,
      AbortSignal.any([signal, over.signal]),
      timeoutMs,
    );
    if (diagnosis === undefined || over.signal.aborted) return;
    emit({ event: "explained", ...target.name, ...diagnosis });
  };
  const timer = setTimeout(() => void tell(), afterMs);
  return () => {
    clearTimeout(timer);
    over.abort();
  };
}
