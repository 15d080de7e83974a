/**
 * A separate world for `npm run bench` and `npm run soak`: folders, environment, and processes
 * that are gone when it ends, however it ends.
 */
import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The built program, as a user runs it. `npm run` sets the working folder. */
export const PROGRAM = join(process.cwd(), "bin/cln-dev.js");

export class Lab {
  /** Without symlinks; short, since sockets are below it. */
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  readonly #children = new Set<ChildProcess>();
  #names = 0;

  constructor() {
    this.root = mkdtempSync(join(realpathSync(tmpdir()), "cdl-"));
    const { PATH, LANG } = process.env;
    this.env = {
      PATH,
      LANG,
      HOME: this.folder("home"),
      TMPDIR: this.folder("temp"),
      XDG_RUNTIME_DIR: this.folder("run"),
    };
    process.once("exit", () => this.#killAll());
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.once(signal, () => {
        this.#killAll();
        rmSync(this.root, { recursive: true, force: true });
        process.exit(130);
      });
    }
  }

  /** A fresh folder that only this user may enter. */
  folder(name = `f${++this.#names}`): string {
    const path = join(this.root, name);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  }

  /** Starts a process as the head of its own group. */
  spawn(command: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
    const child = spawn(command, args, { env: this.env, detached: true, ...options });
    this.#children.add(child);
    child.on("error", () => this.#children.delete(child));
    child.on("close", () => this.#children.delete(child));
    return child;
  }

  /** Ends a process and all that it has started, and waits until it is gone. */
  async kill(child: ChildProcess, signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    signalGroup(child, signal);
    await gone;
  }

  async end(): Promise<void> {
    await Promise.all([...this.#children].map((child) => this.kill(child)));
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5 });
  }

  #killAll(): void {
    for (const child of this.#children) signalGroup(child, "SIGKILL");
  }
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // It is gone already.
  }
}

/** The absolute path of a program: beside the project's own tools, or on PATH. */
export function programPath(name: string): string | undefined {
  const folders = [
    join(process.cwd(), "node_modules/.bin"),
    ...(process.env.PATH ?? "").split(":"),
  ];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** The Python interpreter itself, not a launcher that only finds one; undefined if there is none. */
export function pythonPath(): string | undefined {
  try {
    const print = "import sys; print(sys.executable)";
    return execFileSync("python3", ["-c", print], { encoding: "utf8", stdio: "pipe" }).trim();
  } catch {
    return undefined;
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until something holds. @returns false if it did not within that time */
export async function within(
  ms: number,
  holds: () => boolean | Promise<boolean>,
  everyMs = 5,
): Promise<boolean> {
  const end = performance.now() + ms;
  for (;;) {
    if (await holds()) return true;
    if (performance.now() > end) return false;
    await pause(everyMs);
  }
}
