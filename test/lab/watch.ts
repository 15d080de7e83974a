/** `cln-dev watch` as a process, by what it says with `--json`. */
import type { ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { type Lab, PROGRAM, within } from "./lab.js";

export interface SaidEvent {
  readonly event: string;
  readonly [field: string]: unknown;
}

const OUTCOMES = new Set(["reloaded", "failed", "refused", "unreachable"]);
const FIRST_MS = 20_000;

export class Watch {
  readonly child: ChildProcess;
  /** All that it said, as long as nobody clears it. */
  events: SaidEvent[] = [];
  stderr = "";
  readonly #lab: Lab;

  private constructor(
    lab: Lab,
    command: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv = {},
  ) {
    this.#lab = lab;
    this.child = lab.spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...lab.env, ...env },
      cwd: lab.root,
    });
    let held = "";
    this.child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      const lines = (held + chunk).split("\n");
      held = lines.pop() ?? "";
      for (const line of lines) this.events.push(JSON.parse(line));
    });
    this.child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
      this.stderr += chunk;
    });
  }

  static start(lab: Lab, args: readonly string[], env?: NodeJS.ProcessEnv): Watch {
    return new Watch(lab, process.execPath, [PROGRAM, "watch", "--json", ...args], env);
  }

  /** One that another command starts. */
  static of(lab: Lab, command: string, args: readonly string[]): Watch {
    return new Watch(lab, command, args);
  }

  /** Starts one and waits for its first outcome. @throws Error: there was none */
  static async open(lab: Lab, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Watch> {
    const watch = Watch.start(lab, args, env);
    if (await watch.says(FIRST_MS, ({ event }) => OUTCOMES.has(event))) return watch;
    const said = JSON.stringify(watch.events.slice(-5));
    throw new Error(`cln-dev watch ${args.join(" ")}: no outcome; ${said} ${watch.stderr}`);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  get outcomes(): readonly SaidEvent[] {
    return this.events.filter(({ event }) => OUTCOMES.has(event));
  }

  /** Waits until it has said that. */
  says(timeoutMs: number, fits: (event: SaidEvent) => boolean): Promise<boolean> {
    return within(timeoutMs, () => this.events.some(fits) || !this.alive).then(() =>
      this.events.some(fits),
    );
  }

  end(signal: NodeJS.Signals = "SIGINT"): Promise<void> {
    return this.#lab.kill(this.child, signal);
  }

  /** Resident memory, MiB. */
  get memoryMib(): number {
    const kib = /VmRSS:\s+(\d+)/.exec(this.#proc("status"))?.[1];
    return Number(kib) / 1024;
  }

  /** Time on a processor of all its threads, ms. */
  get cpuMs(): number {
    const threads = readdirSync(`/proc/${this.pid}/task`);
    const spent = threads.map((thread) => this.#proc(`task/${thread}/schedstat`).split(" ")[0]);
    return spent.reduce((sum, ns) => sum + Number(ns) / 1e6, 0);
  }

  /** Open file descriptors. */
  get descriptors(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  #proc(file: string): string {
    return readFileSync(`/proc/${this.pid}/${file}`, "utf8");
  }
}
