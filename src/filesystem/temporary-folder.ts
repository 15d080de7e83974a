/** A new private directory, needed only while this process runs. */
import { mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure, messageOf } from "../errors/failure.js";

/**
 * Creates a temporary folder.
 * @param prefix the beginning of its name
 * @returns its path, without symlinks
 * @throws Failure `temporary-folder` if it cannot be created
 */
export function makeTemporaryFolder(prefix: string): string {
  try {
    return mkdtempSync(join(realpathSync(tmpdir()), prefix));
  } catch (error) {
    throw new Failure({
      kind: "temporary-folder",
      what: `cannot create a temporary folder in ${tmpdir()}`,
      why: messageOf(error),
      fix: "Set TMPDIR to a folder that you can write to",
      exitCode: 1,
      cause: error,
    });
  }
}
