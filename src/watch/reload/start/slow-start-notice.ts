/**
 * Reports a slow start. lightningd waits 120 s for a plugin that does not answer: too long just to
 * learn that an answer was not flushed. Whatever can be known is reported earlier.
 */
import { diagnoseHang, type Started } from "../../../diagnose/on-demand.js";
import type { Emit } from "../../../events/watch-events.js";
import { whySilent } from "../slow-node-notice.js";

/**
 * How long a start may take without a notice, in ms: longer than most plugins need, and than anyone
 * wants to wait without a message.
 */
export const SLOW_START_MS = 10_000;
/** How long a debugger may take to print that it is waiting, in ms. */
const DEBUGGER_MS = 2_000;

export interface SlowStartOptions {
  /** When the notice is due, in ms. Default: {@link SLOW_START_MS}. */
  readonly afterMs?: number;
  /** How long the plugin may take for each answer offline, in ms. */
  readonly timeoutMs?: number;
  /** What the plugin has written to stderr during this start, if known. */
  readonly stderr?: () => string | undefined;
  /** Called when a notice is due: output held back during the start can then be shown. */
  readonly onSlow?: () => void;
}

/**
 * Reports a start that is still under way after {@link SLOW_START_MS}, and where it hangs.
 * @returns a function to call when the start has ended
 */
export function reportSlowStart(
  started: Started,
  emit: Emit,
  signal: AbortSignal,
  options: SlowStartOptions = {},
): () => void {
  const { afterMs = SLOW_START_MS, timeoutMs, stderr, onSlow } = options;
  const over = new AbortController();
  const { target, file } = started;
  const { plugin } = target.name;
  let waitsForDebugger = false;
  const warn = (message: string) => emit({ event: "notice", level: "warn", message });
  const lookForDebugger = () => {
    const where = debuggerOf(file.interpreter?.line ?? "", stderr?.() ?? "");
    if (where === undefined) return;
    waitsForDebugger = true;
    warn(`${plugin} waits for a debugger: ${where}`);
    onSlow?.();
  };
  const report = async () => {
    onSlow?.();
    if (waitsForDebugger) return;
    // If the node is silent, the plugin is not to blame, and the silence has been reported.
    if ((await whySilent(target.node, over.signal)) !== undefined || over.signal.aborted) return;
    warn(
      `${plugin} is still starting after ${afterMs / 1000} s (lightningd waits up to 120 s each for getmanifest and init)`,
    );
    const diagnosis = await diagnoseHang(
      started,
      AbortSignal.any([signal, over.signal]),
      timeoutMs,
    );
    if (diagnosis === undefined || over.signal.aborted) return;
    emit({ event: "explained", ...target.name, ...diagnosis });
  };
  const timers = [
    setTimeout(lookForDebugger, Math.min(DEBUGGER_MS, afterMs)),
    setTimeout(() => void report(), afterMs),
  ];
  return () => {
    for (const timer of timers) clearTimeout(timer);
    over.abort();
  };
}

/** Returns where to attach if the plugin is waiting for a debugger. */
function debuggerOf(shebang: string, stderr: string): string | undefined {
  const listening = /Debugger listening on (\S+)/.exec(stderr)?.[1];
  const flag = /--inspect-(?:brk|wait)(?:=\S+)?|debugpy\b.*--wait-for-client/.exec(shebang)?.[0];
  if (listening !== undefined && (flag !== undefined || stderr.trimEnd().split("\n").length < 4)) {
    return `attach to ${listening}`;
  }
  return flag && `its #! line has ${flag}`;
}
