/** Creates the outcome of a reload attempt from what happened in it. */
import { Failure, messageOf } from "../errors/failure.js";
import { type NodeUnreachable, RpcError } from "../node/rpc/errors.js";
import type { Change } from "./reload-target.js";
import type {
  Failed,
  Finding,
  Outcome,
  Phase,
  Refused,
  TargetName,
  Unreachable,
  WatchEvent,
} from "./watch-events.js";

/** The names of the events that a reload ends with. */
export const OUTCOMES: readonly string[] = [
  "reloaded",
  "unchanged",
  "failed",
  "unreachable",
  "refused",
] satisfies readonly Outcome["event"][];

/** Whether an event ends a reload. */
export function isOutcome(event: WatchEvent): event is Outcome {
  return OUTCOMES.includes(event.event);
}

/** What is known about a failure besides the node's message. */
export interface Diagnosis {
  readonly reason: string | undefined;
  readonly fix: string | undefined;
  readonly findings: readonly Finding[];
  /** Whether the node died of this plugin: then it is not started again unchanged. */
  readonly killsNode?: boolean;
  /** Whether the address it binds is in use: the previous version may soon release it. */
  readonly addressInUse?: boolean;
}

export const NO_DIAGNOSIS: Diagnosis = { reason: undefined, fix: undefined, findings: [] };

/** Returns the outcome of a reload that failed on the node, in the build or in an offline check. */
export function failed(
  name: TargetName,
  change: Change,
  phase: Phase,
  error: unknown,
  { reason, fix, findings }: Diagnosis,
  running: boolean,
): Failed {
  return {
    event: "failed",
    ...name,
    cause: change.cause,
    files: change.files,
    phase,
    code: error instanceof RpcError ? error.code : undefined,
    message: messageOf(error),
    reason,
    fix,
    findings,
    running,
    totalMs: performance.now() - change.at,
  };
}

/** The result of a build step. */
export interface BuildResult {
  readonly ok: boolean;
  /** Its stdout and stderr in the order they arrived; only the end if very long. */
  readonly output: string;
  /** `exit code 1`, `signal SIGKILL`, or why it could not be run. */
  readonly ending: string;
}

/** Returns the outcome of a reload whose build failed: the build's output explains why. */
export function notBuilt(
  name: TargetName,
  change: Change,
  command: string,
  { output, ending }: BuildResult,
  running: boolean,
): Failed {
  const diagnosis: Diagnosis = {
    reason: undefined,
    fix: "Fix it and save: the build runs again",
    findings: output
      .trimEnd()
      .split("\n")
      .map((text) => ({ kind: "quote", text })),
  };
  return failed(name, change, "build", new Error(`${command}: ${ending}`), diagnosis, running);
}

/**
 * Returns the outcome of a reload without an answer from the node.
 * @param diagnosis why the node died, if it died of the start and that is known
 */
export function unreachable(
  name: TargetName,
  error: NodeUnreachable,
  { reason, fix }: Diagnosis = NO_DIAGNOSIS,
): Unreachable {
  return { event: "unreachable", ...name, message: error.message, reason, fix: fix ?? error.fix };
}

/** Returns the outcome of a reload that was not sent to the node. */
export function refused(name: TargetName, failure: Failure, running: boolean): Refused {
  return {
    event: "refused",
    ...name,
    kind: failure.kind,
    message: failure.message,
    fix: failure.fix,
    running,
    exitCode: failure.exitCode,
  };
}

/**
 * Returns the failure of a reload that the end of its session prevented.
 * @param path of the plugin
 */
export function sessionClosed(path: string): Failure {
  return new Failure({
    kind: "session-closed",
    what: `${path} was not reloaded`,
    why: "the session was closed first",
    fix: "Open a new one",
    exitCode: 1,
  });
}

/**
 * Returns the failure of a plugin that is not started because the node died of it. A node that is
 * restarted automatically would die again at once.
 * @param path of the plugin
 */
export function killsNode(path: string): Failure {
  return new Failure({
    kind: "plugin-kills-node",
    what: `not starting ${path} again`,
    why: "it took the node down last time, and has not changed since",
    fix: "Fix it and save, or press r (or run cln-dev restart) to try anyway",
    exitCode: 1,
  });
}
