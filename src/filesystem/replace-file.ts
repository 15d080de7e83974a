/** Writes a file atomically: a reader finds the old or the new version, never a part. */
import { chmodSync, renameSync, rmSync, writeFileSync } from "node:fs";

/**
 * Writes a file under another name, then renames it into place.
 * @param flush whether to wait until it is on disk
 * @throws the system's error; the existing file is then unchanged
 */
export function replaceFile(
  path: string,
  text: string,
  { mode = 0o600, flush = false } = {},
): void {
  const next = `${path}.${process.pid}.new`;
  try {
    writeFileSync(next, text, { mode, flush });
    chmodSync(next, mode);
    renameSync(next, path);
  } catch (error) {
    rmSync(next, { force: true });
    throw error;
  }
}
