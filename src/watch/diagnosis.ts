/** Finds out why a start failed. What it needs is loaded only then: none of it is on the good path. */
import { NodeUnreachable, RpcError } from "../node/errors.js";
import type { StartOption } from "../node/start-options.js";
import type { PluginFile } from "../plugin/plugin-file.js";
import { type Diagnosis, NO_DIAGNOSIS } from "./outcomes.js";
import type { Target } from "./target.js";

export interface StartAttempt {
  readonly target: Target;
  readonly file: PluginFile;
  readonly options: readonly StartOption[];
  /** When it was sent. */
  readonly since: Date;
  readonly signal: AbortSignal;
}

export async function diagnoseStart(attempt: StartAttempt, error: unknown): Promise<Diagnosis> {
  const { target, ...start } = attempt;
  if (!(error instanceof RpcError || error instanceof NodeUnreachable)) return NO_DIAGNOSIS;
  const { diagnoseFailedStart } = await import("../diagnose/diagnose-start.js");
  const found = await diagnoseFailedStart(error, { ...start, node: target.node });
  return {
    reason: found.explanation?.reason,
    fix: found.explanation?.fix,
    findings: found.findings,
  };
}
