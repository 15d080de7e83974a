/**
 * The failures that a user may see: what happened, why, and what to do. The command line prints
 * them and exits with their code; a program reads their fields.
 */

/** 1: the attempt failed; 2: wrong usage or settings; 3: no node. */
export type FailureExitCode = 1 | 2 | 3;

export interface FailureParts {
  /** A stable name for programs, such as `plugin-not-executable`. */
  readonly kind: string;
  /** What happened, naming the thing: one clause without a full stop. */
  readonly what: string;
  /** Why, if known: one sentence without a full stop. */
  readonly why?: string;
  /** The next step: one sentence, or a command if there is one. */
  readonly fix?: string;
  readonly exitCode: FailureExitCode;
  readonly cause?: unknown;
}

export class Failure extends Error {
  readonly kind: string;
  readonly what: string;
  readonly why: string | undefined;
  readonly fix: string | undefined;
  readonly exitCode: FailureExitCode;

  constructor(parts: FailureParts) {
    super(parts.why === undefined ? parts.what : `${parts.what}: ${parts.why}`, {
      cause: parts.cause,
    });
    this.name = "Failure";
    this.kind = parts.kind;
    this.what = parts.what;
    this.why = parts.why;
    this.fix = parts.fix;
    this.exitCode = parts.exitCode;
  }
}

/** Returns a failure for a wrong flag, argument or setting: exit code 2. */
export function usageFailure(what: string, parts: { why?: string; fix?: string } = {}): Failure {
  return new Failure({ kind: "usage", what, exitCode: 2, ...parts });
}

/** Returns the message of anything that was thrown, for a `why`. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Returns the `code` of a system error (`ENOENT`, ...), or undefined if it is another error. */
export function systemCode(error: unknown): string | undefined {
  if (error instanceof Error && "code" in error && typeof error.code === "string") {
    return error.code;
  }
  return undefined;
}

/** Returns the fix for a system limit that was reached; undefined for other errors. */
export function limitFix(error: unknown): string | undefined {
  switch (systemCode(error)) {
    case "EMFILE":
    case "ENFILE":
      return "Raise the limit of open files: ulimit -n 4096";
    case "ENOSPC":
    case "EDQUOT":
      return "Free some space on that disk";
    default:
      return undefined;
  }
}
