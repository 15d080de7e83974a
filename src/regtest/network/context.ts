/** What every step on a network gets: where to report to, and when to give up. */
import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../../errors/failure.js";
import type { RegtestEvent } from "./events.js";

export interface StepContext {
  readonly onEvent: (event: RegtestEvent) => void;
  /** Shows what is being done; undefined clears it. */
  readonly onProgress: (text: string | undefined) => void;
  readonly signal: AbortSignal | undefined;
}

const LOOK_MS = 10;

/**
 * Waits until `look` returns something other than undefined or false.
 * @param what what to wait for, as the failure names it: `l1 and l2 to agree`
 * @throws Failure `regtest-timeout`, with the result of `why` as its reason; `aborted`
 */
export async function waitUntil<T>(
  what: string,
  ms: number,
  { signal }: Pick<StepContext, "signal">,
  look: () => Promise<T | undefined | false>,
  why?: () => string | undefined,
): Promise<T> {
  const end = Date.now() + ms;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    throwIfAborted(signal);
    if (Date.now() > end) {
      const reason = why?.();
      throw new Failure({
        kind: "regtest-timeout",
        what: `waited ${Math.round(ms / 1000)} s for ${what}`,
        ...(reason === undefined ? {} : { why: reason }),
        fix: "Check the nodes' logs, and `cln-dev regtest status`",
        exitCode: 1,
      });
    }
    await sleep(LOOK_MS);
  }
}

/** Ends a step that was canceled. @throws Failure `aborted` if the signal is aborted */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new Failure({ kind: "aborted", what: "canceled", exitCode: 1 });
}
