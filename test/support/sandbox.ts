/**
 * A separate home, temp folder, control socket folder and working folder for a test, which the
 * programs under test get by their environment. What is left in it at the end (a process, a
 * socket, a temp file) fails the test.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { until } from "./until.js";

type Ending = () => Promise<void> | void;

/** Every process of a sandbox bears this variable: that is how those that are left are found. */
const MARK = "CLN_DEV_TEST_SANDBOX";

export class Sandbox {
  /** Without symlinks. */
  readonly root: string;
  /** Where the programs run, and where plugins are written. */
  readonly work: string;
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  readonly #temp: string;
  readonly #runtime: string;
  readonly #endings: Ending[] = [];
  #names = 0;

  constructor() {
    this.root = mkdtempSync(join(realpathSync(tmpdir()), "cd-"));
    const folder = (name: string) => {
      const path = join(this.root, name);
      mkdirSync(path, { mode: 0o700 });
      return path;
    };
    this.work = folder("work");
    this.home = folder("home");
    this.#temp = folder("temp");
    this.#runtime = folder("run");
    const { PATH, LANG } = process.env;
    this.env = {
      PATH,
      LANG,
      HOME: this.home,
      TMPDIR: this.#temp,
      XDG_RUNTIME_DIR: this.#runtime,
      // Shared: what the program compiled once need not be compiled again in every test.
      XDG_CACHE_HOME: join(import.meta.dirname, "../../node_modules/.cache"),
      [MARK]: this.root,
    };
  }

  /** A fresh folder. */
  folder(name = `folder-${++this.#names}`): string {
    const path = join(this.root, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** Called at the end, the last one first. */
  onEnd(ending: Ending): void {
    this.#endings.push(ending);
  }

  /** @throws Error: something is left behind, or an ending failed */
  async end(): Promise<void> {
    const faults: string[] = [];
    for (const ending of this.#endings.reverse()) {
      try {
        await ending();
      } catch (error) {
        faults.push(String(error));
      }
    }
    faults.push(...(await this.#leftProcesses()));
    for (const folder of [this.#temp, join(this.#runtime, "cln-dev")]) {
      faults.push(...entriesOf(folder).map((name) => `left behind: ${join(folder, name)}`));
    }
    rmSync(this.root, { recursive: true, force: true });
    if (faults.length > 0) throw new Error(faults.join("\n"));
  }

  /** A killed process may take a moment to go. What does not go is named, and ended. */
  async #leftProcesses(): Promise<string[]> {
    try {
      await until("the end of every process", () => this.#processes().length === 0);
      return [];
    } catch {
      return this.#processes().map((pid) => {
        const command = commandOf(pid);
        process.kill(pid, "SIGKILL");
        return `left running: ${command}`;
      });
    }
  }

  #processes(): number[] {
    const mark = `${MARK}=${this.root}`;
    return entriesOf("/proc")
      .map(Number)
      .filter((pid) => pid > 0 && readOr(`/proc/${pid}/environ`).split("\0").includes(mark));
  }
}

/** A sandbox for the running test. */
export function sandbox(): Sandbox {
  const box = new Sandbox();
  onTestFinished(() => box.end());
  return box;
}

/** One for all tests of a file or a `describe`. */
export function sharedSandbox(): () => Sandbox {
  let box: Sandbox | undefined;
  beforeAll(() => {
    box = new Sandbox();
  });
  afterAll(() => box?.end());
  return () => {
    if (box === undefined) throw new Error("the sandbox is made before the tests");
    return box;
  };
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readOr(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function commandOf(pid: number): string {
  return readOr(`/proc/${pid}/cmdline`).split("\0").join(" ") || `pid ${pid}`;
}
