/** Writes a file as a whole: a reader finds the old one or the new one, never a part. */
import { chmodSync, renameSync, rmSync, writeFileSync } from "node:fs";

/**
 * @param flush whether it is on the disk on return
 * @throws the system's error; what was there before is unchanged then
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
