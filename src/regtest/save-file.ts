/** Writes the files of a network. A failure says how to fix it. */
import { Failure, limitFix, messageOf } from "../errors/failure.js";
import { replaceFile } from "../filesystem/replace-file.js";

/**
 * Writes a file of the network as a whole.
 * @throws Failure `regtest-write` if the file cannot be written; the previous one is then unchanged
 */
export function saveFile(path: string, text: string): void {
  try {
    replaceFile(path, text, { flush: true });
  } catch (error) {
    throw writeFailure(path, error);
  }
}

/** The failure for a file of the network that cannot be written. */
export function writeFailure(path: string, error: unknown): Failure {
  return new Failure({
    kind: "regtest-write",
    what: `cannot write ${path}`,
    why: messageOf(error),
    fix: `${limitFix(error) ?? "Check who may write there"}; the existing file is unchanged`,
    exitCode: 1,
    cause: error,
  });
}
