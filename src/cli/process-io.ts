/** The process's own streams. Each is opened when it is first needed: that takes up to 1 ms. */

import { systemCode } from "../errors/failure.js";
import type { Io } from "./commands/context.js";

export class ProcessIo implements Io {
  readonly #ending: AbortController;
  #stdout: NodeJS.WriteStream | undefined;
  #stderr: NodeJS.WriteStream | undefined;
  #lost: Error | undefined;

  /** @param ending aborted when stdout is lost: its reader has gone (`| head`, a closed terminal), say */
  constructor(ending: AbortController) {
    this.#ending = ending;
  }

  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  get stdin(): NodeJS.ReadStream {
    return process.stdin;
  }

  get stdout(): NodeJS.WriteStream {
    if (this.#stdout === undefined) {
      this.#stdout = process.stdout;
      this.#stdout.on("error", (error) => {
        this.#lost = error;
        this.#ending.abort();
      });
    }
    return this.#stdout;
  }

  get stderr(): NodeJS.WriteStream {
    this.#stderr ??= process.stderr.on("error", () => {});
    return this.#stderr;
  }

  /** Waits until all is written: into a pipe that takes a while, and the end of the process loses it. */
  async flush(): Promise<void> {
    for (const stream of [this.#stdout, this.#stderr]) {
      if (stream) await new Promise<void>((resolve) => void stream.write("", () => resolve()));
    }
  }

  /** The program's exit code. That nobody reads any more is no failure; that a disk is full is one. */
  exitCode(exitCode: number): number {
    if (this.#lost === undefined) return exitCode;
    if (["EPIPE", "EIO"].includes(systemCode(this.#lost) ?? "")) return 0;
    this.stderr.write(`cln-dev: stdout cannot be written: ${this.#lost.message}\n`);
    return 1;
  }
}
