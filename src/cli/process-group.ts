/**
 * This process as the shell sees it: its group, whether the group has the terminal, whether nohup
 * started the process.
 */
import { constants, readFileSync } from "node:fs";
import { basename } from "node:path";
import { processStat } from "../node/process-table.js";

export interface ProcessGroup {
  readonly id: number;
  /** Whether the group has the terminal: a process without it is stopped when it uses it. */
  readonly foreground: boolean;
}

/**
 * Returns the group of this process; undefined if the system does not show it. Node has neither
 * getpgrp nor tcgetpgrp.
 */
export function processGroup(): ProcessGroup | undefined {
  const stat = processStat(process.pid);
  if (stat !== undefined) return { id: stat.group, foreground: stat.group === stat.foreground };
  try {
    const { execFileSync } = process.getBuiltinModule("node:child_process");
    const options = { encoding: "utf8", timeout: 1000, stdio: "pipe" } as const;
    const text = execFileSync("ps", ["-o", "pgid=,stat=", "-p", String(process.pid)], options);
    const [id = "", state = ""] = text.trim().split(/\s+/);
    return { id: Number(id), foreground: state.includes("+") };
  } catch {
    return undefined;
  }
}

/** Returns a process's parent; undefined if the process is gone or the system hides it. */
export function parentOf(pid: number): number | undefined {
  return processStat(pid)?.parent;
}

/**
 * Whether `nohup` started us. Node resets every ignored signal, so the only traces left are the
 * write-only stdin that nohup opens in place of a terminal, and the `_` that bash and zsh set in
 * the environment.
 */
export function startedByNohup(env: NodeJS.ProcessEnv = process.env): boolean {
  if (env._ !== undefined && basename(env._) === "nohup") return true;
  try {
    const [, flags = "0"] =
      /^flags:\s*([0-7]+)/m.exec(readFileSync("/proc/self/fdinfo/0", "utf8")) ?? [];
    return (Number.parseInt(flags, 8) & 3) === constants.O_WRONLY;
  } catch {
    // Unknown without /proc.
    return false;
  }
}
