/** Runs `bin/cln-dev.js` as a user does, and waits for what it says. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import type { Sandbox } from "./sandbox.js";
import { DEADLINE_MS } from "./until.js";

/** The program under test. */
export const BIN = join(import.meta.dirname, "../../bin/cln-dev.js");

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Something else than `bin/cln-dev.js`, which runs that. */
  readonly program?: string;
}

/** What `--json` prints in a line. */
export interface JsonEvent {
  readonly event: string;
  readonly time: string;
  readonly [field: string]: unknown;
}

export class Program {
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  readonly #args: readonly string[];
  #stdout = "";
  #stderr = "";
  #end: Ended | undefined;
  #read = 0;
  #wake: () => void = () => {};

  constructor(box: Sandbox, args: readonly string[], { cwd, env, program }: RunOptions = {}) {
    this.#args = args;
    const command = program === undefined ? [process.execPath, BIN] : [program];
    const child = spawn(command[0] ?? "", [...command.slice(1), ...args], {
      cwd: cwd ?? box.work,
      env: { ...box.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
      this.#wake();
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
      this.#wake();
    });
    this.ended = new Promise((resolve) => {
      child.on("close", (code, signal) => {
        this.#end = { code, signal, stdout: this.#stdout, stderr: this.#stderr };
        this.#wake();
        resolve(this.#end);
      });
    });
    box.onEnd(async () => void (await this.end()));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Every event so far, of a program that was started with `--json`. */
  get events(): JsonEvent[] {
    const whole = this.#stdout.slice(0, this.#stdout.lastIndexOf("\n") + 1);
    return whole
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
  }

  /** The next event of that name, with those fields, after the one that was last waited for. */
  async next(
    event: string,
    fields: { readonly [field: string]: unknown } = {},
  ): Promise<JsonEvent> {
    const wanted = JSON.stringify({ event, ...fields });
    const found = await this.#until(`the event ${wanted}`, () => {
      const at = this.events.findIndex(
        (seen, index) =>
          index >= this.#read &&
          seen.event === event &&
          Object.entries(fields).every(
            ([name, value]) => JSON.stringify(seen[name]) === JSON.stringify(value),
          ),
      );
      return at === -1 ? undefined : { at, seen: this.events[at] };
    });
    this.#read = found.at + 1;
    if (found.seen === undefined) throw new Error("no event");
    return found.seen;
  }

  /** The outcome of the next reload. */
  async outcome(): Promise<JsonEvent> {
    const outcomes = ["reloaded", "unchanged", "failed", "refused", "unreachable"];
    const at = await this.#until("an outcome", () => {
      const found = this.events.findIndex(
        (seen, index) => index >= this.#read && outcomes.includes(seen.event),
      );
      return found === -1 ? undefined : found;
    });
    this.#read = at + 1;
    const seen = this.events[at];
    if (seen === undefined) throw new Error("no outcome");
    return seen;
  }

  /** Waits until what it has printed fits. */
  prints(pattern: RegExp, stream: "stdout" | "stderr" = "stdout"): Promise<RegExpExecArray> {
    return this.#until(`${pattern} on ${stream}`, () => pattern.exec(this[stream]) ?? undefined);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Nobody reads its output any more, as behind `| head`. */
  closeStdout(): void {
    this.#child.stdout?.destroy();
  }

  /** Ends it as Ctrl-C does, unless it has ended. @throws Error: it does not end */
  async end(): Promise<Ended> {
    if (this.#end === undefined) this.#child.kill("SIGINT");
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.#child.kill("SIGKILL");
    }, DEADLINE_MS);
    const ended = await this.ended;
    clearTimeout(timer);
    if (isLate) throw new Error(`Ctrl-C did not end cln-dev ${this.#args.join(" ")}`);
    return ended;
  }

  async #until<T>(what: string, look: () => T | undefined): Promise<T> {
    const deadline = Date.now() + DEADLINE_MS;
    for (;;) {
      const seen = look();
      if (seen !== undefined) return seen;
      const left = deadline - Date.now();
      if (this.#end !== undefined || left <= 0) {
        const why = this.#end === undefined ? "did not come" : "did not come before it ended";
        throw new Error(`${what} ${why}: cln-dev ${this.#args.join(" ")}\n${this.#said()}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  #said(): string {
    return `stdout: ${this.#stdout.slice(-3000)}\nstderr: ${this.#stderr.slice(-3000)}`;
  }
}

/** Runs a command to its end. */
export function run(box: Sandbox, args: readonly string[], options?: RunOptions): Promise<Ended> {
  return new Program(box, args, options).ended;
}
