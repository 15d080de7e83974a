/** The process's streams and its exit. */
import { isatty } from "node:tty";
import { systemCode } from "../errors/failure.js";
import type { Io } from "./commands/context.js";

/** How long after a signal to wait for a slow reader before exiting, in ms. */
const FLUSH_MS = 500;

export class ProcessIo implements Io {
  readonly stdout = process.stdout;
  readonly stderr = process.stderr;
  readonly #ending: AbortController;
  readonly #terminals = [0, 1, 2].filter((fd) => isatty(fd));
  #lost: Error | undefined;

  /** @param ending aborted if stdout is lost, for example by `| head` or a closed terminal */
  constructor(ending: AbortController) {
    this.#ending = ending;
    this.stdout.on("error", (error) => {
      this.#lost = error;
      ending.abort();
    });
    this.stderr.on("error", () => {});
  }

  /** Opened on first use: it takes 3 ms, and most commands read nothing. */
  get stdin(): NodeJS.ReadStream {
    return process.stdin;
  }

  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** Ends the process once everything is written, or soon after a signal. */
  async exit(exitCode: number): Promise<never> {
    const written = [this.stdout, this.stderr].map(
      (stream) => new Promise<void>((resolve) => void stream.write("", () => resolve())),
    );
    await Promise.race([Promise.all(written), afterSignal(this.signal)]);
    // Node 20 crashes at exit if the terminal is gone: it asserts that restoring it worked.
    if (this.#terminals.some((fd) => !isatty(fd))) process.kill(process.pid, "SIGKILL");
    process.exit(this.#exitCode(exitCode));
  }

  /** Returns the final exit code: a reader that is gone is not a failure, but a full disk is. */
  #exitCode(exitCode: number): number {
    if (this.#lost === undefined) return exitCode;
    if (["EPIPE", "EIO"].includes(systemCode(this.#lost) ?? "")) return 0;
    this.stderr.write(`cln-dev: cannot write to stdout: ${this.#lost.message}\n`);
    return 1;
  }
}

function afterSignal(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const later = () => setTimeout(resolve, FLUSH_MS);
    if (signal.aborted) later();
    else signal.addEventListener("abort", later, { once: true });
  });
}
