/** How a command ends that reloads. */
import type { Outcome } from "../../events/watch-events.js";

/** 0: all are live; 3: no node; 2: a value that cannot be used; 1: any other failure. */
export function exitCodeOf(outcomes: readonly Outcome[]): 0 | 1 | 2 | 3 {
  const bad = outcomes.filter((outcome) => outcome.event !== "reloaded");
  if (bad.length === 0) return 0;
  if (bad.some((outcome) => outcome.event === "failed")) return 1;
  if (bad.every((outcome) => outcome.event === "unreachable")) return 3;
  return bad.every((outcome) => outcome.event === "refused" && outcome.exitCode === 2) ? 2 : 1;
}
