/** Runs `cln-dev` in a real terminal (a pseudo terminal that Python holds), and types into it. */
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from "node:child_process";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { isObject, parseJson } from "../../src/jsonrpc/json.js";
import { findPython } from "../conformance/harness/python.js";
import { BIN, type RunOptions } from "./program.js";
import type { Sandbox } from "./sandbox.js";
import { until } from "./until.js";

const DRIVER = join(import.meta.dirname, "terminal.py");

export interface TerminalOptions extends RunOptions {
  /** 0: a terminal without a size, as `script` and `docker run -t` make it. */
  readonly columns?: number;
}

export interface TerminalEnd {
  readonly code: number;
  /** Whether the terminal is as it was before. */
  readonly restored: boolean;
}

export class Terminal {
  readonly ended: Promise<TerminalEnd>;
  readonly #child: ChildProcessWithoutNullStreams;
  #shown = "";
  #notes = "";
  #read = 0;
  #hasEnded = false;

  constructor(box: Sandbox, args: readonly string[], options: TerminalOptions = {}) {
    const { cwd, env, program, columns = 100 } = options;
    const command = program === undefined ? [process.execPath, BIN] : [program];
    const driver = ["-S", DRIVER, String(columns), ...command, ...args];
    this.#child = spawn(findPython() ?? "python3", driver, {
      cwd: cwd ?? box.work,
      env: { ...box.env, TERM: "xterm-256color", ...env },
    });
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#shown += text;
    });
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#notes += text;
    });
    this.#child.stdin.on("error", () => {});
    this.ended = new Promise((resolve) => {
      this.#child.on("close", () => {
        this.#hasEnded = true;
        resolve(this.#end());
      });
    });
    box.onEnd(async () => {
      if (!this.#hasEnded) this.#child.stdin.end();
      await this.ended;
    });
  }

  /** All that the terminal was sent. */
  get raw(): string {
    return this.#shown;
  }

  /** The same without escape sequences, lines ended by `\n`. */
  get text(): string {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the window's title
    const untitled = this.#shown.replace(/\u001b\][^\u0007]*\u0007/g, "");
    return stripVTControlCharacters(untitled).replaceAll("\r\n", "\n");
  }

  press(keys: string): void {
    this.#child.stdin.write(keys);
  }

  /** The command's process id. */
  get pid(): number {
    return Number(this.#notes.split("\n")[0]);
  }

  /** Presses it until the program ends: right after other keys it may be taken for a paste. */
  async pressToEnd(key: string): Promise<TerminalEnd> {
    await until("the end", () => {
      if (!this.#hasEnded) this.press(key);
      return this.#hasEnded;
    });
    return this.ended;
  }

  kill(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** The window gets another width; the program gets SIGWINCH. */
  resize(columns: number): void {
    execFileSync("stty", ["-F", this.#notes.split("\n")[1] ?? "", "cols", String(columns)]);
  }

  /** Waits until it shows this, after what was waited for last. */
  async shows(pattern: RegExp): Promise<void> {
    try {
      await until(String(pattern), () => {
        const match = pattern.exec(this.text.slice(this.#read));
        if (match !== null) this.#read += match.index + match[0].length;
        else if (this.#hasEnded) throw new Error(`it ended before it showed ${pattern}`);
        return match !== null;
      });
    } catch (error) {
      throw new Error(`${error}\n${JSON.stringify(this.#shown)}\n${this.#notes}`);
    }
  }

  #end(): TerminalEnd {
    const end = parseJson(this.#notes.trimEnd().split("\n").at(-1) ?? "");
    if (!isObject(end)) throw new Error(`the terminal did not say how it ended: ${this.#notes}`);
    return { code: Number(end.code), restored: end.restored === true };
  }
}
