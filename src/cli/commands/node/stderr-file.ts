/**
 * Writes the stderr of the plugins of `cln-dev node` to a file beside its log. The terminal shows
 * the same output, but a watch in another terminal can only read a file.
 */
import { closeSync, constants, ftruncateSync, writeSync } from "node:fs";
import { join } from "node:path";
import { openOwnedFile } from "../../../filesystem/owned-file.js";
import { STDERR_COPY } from "../../../node/log/node-stderr.js";

/** The size at which the file is emptied, in bytes: only a plugin's last lines are useful. */
const MAX_BYTES = 1024 * 1024;

export class StderrFile {
  #fd: number | undefined;
  #bytes = 0;
  /** The chunks written before the file is open. */
  #early: Buffer[] = [];

  /**
   * Opens the file. Writes nothing if it cannot be opened.
   * @param networkDir the folder of the node's log
   */
  open(networkDir: string): void {
    try {
      this.#fd = openOwnedFile(join(networkDir, STDERR_COPY), constants.O_TRUNC);
    } catch {
      return;
    }
    for (const chunk of this.#early.splice(0)) this.write(chunk);
  }

  write(chunk: Buffer): void {
    if (this.#fd === undefined) {
      if (this.#early.length < 100) this.#early.push(chunk);
      return;
    }
    try {
      if (this.#bytes + chunk.length > MAX_BYTES) {
        ftruncateSync(this.#fd);
        this.#bytes = 0;
      }
      writeSync(this.#fd, chunk, 0, chunk.length, this.#bytes);
      this.#bytes += chunk.length;
    } catch {
      // A full disk must not take the node down.
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}
