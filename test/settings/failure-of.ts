/** What an action is refused with. */
import { Failure } from "../../src/errors/failure.js";

export function failureOf(action: () => unknown): Failure {
  try {
    action();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("it was not refused");
}

/** All that a user reads of it. */
export function textOf(failure: Failure): string {
  return `${failure.what}: ${failure.why ?? ""}. ${failure.fix ?? ""}`;
}
