/**
 * Finds a plugin's processes on this machine, in /proc. They matter in three cases. A node that
 * waits for getmanifest refuses to stop the plugin, so its process is killed here. A launcher's
 * children outlive a stop. A different process than before means that something else started the
 * plugin.
 */
import { namesIn } from "../../filesystem/try-read.js";
import {
  argumentsOf,
  environmentOf,
  processIds,
  processStat,
  readProc,
  workingDirectoryOf,
} from "../process-table.js";

/** Identifies a process even if its pid is reused. */
export interface ProcessIdentity {
  readonly pid: number;
  /** In clock ticks since the system started (proc(5), field 22). */
  readonly startTime: string;
}

/**
 * Kills the plugin's processes that a node started as this user. A process counts only if it runs
 * exactly that file, in the node's folder, with lightningd's environment. Does nothing without
 * /proc.
 * @param path the plugin's canonical path
 * @param networkDir the node's network directory, which is a plugin's working directory
 * @returns how many were killed
 */
export function killPluginProcesses(path: string, networkDir: string): number {
  return pluginProcesses(path, networkDir).filter(kill).length;
}

/** Returns the plugin's processes on that node that /proc shows. */
export function pluginProcesses(path: string, networkDir: string): readonly ProcessIdentity[] {
  return processIds().flatMap((pid) => {
    if (workingDirectoryOf(pid) !== networkDir) return [];
    if (!argumentsOf(pid).includes(path) || !isPluginProcess(pid)) return [];
    const stat = processStat(pid);
    return stat === undefined ? [] : [{ pid, startTime: stat.startTime }];
  });
}

/** Kills a process if it is still the same one. @returns whether it was killed */
export function kill(target: ProcessIdentity): boolean {
  if (!isRunning(target)) return false;
  try {
    process.kill(target.pid, "SIGKILL");
    return true;
  } catch {
    return false;
  }
}

/** Returns the process that has this pid now; undefined if there is none, or no /proc. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const stat = processStat(pid);
  return stat === undefined || stat.state === "Z" ? undefined : { pid, startTime: stat.startTime };
}

/** Whether the process still exists, and not only as a zombie. */
export function isRunning({ pid, startTime }: ProcessIdentity): boolean {
  const stat = processStat(pid);
  return stat !== undefined && stat.startTime === startTime && stat.state !== "Z";
}

/** Returns the processes that none of the others started: those that the node started itself. */
export function rootsOf(processes: readonly ProcessIdentity[]): readonly ProcessIdentity[] {
  const pids = new Set(processes.map(({ pid }) => pid));
  return processes.filter(({ pid }) => !pids.has(processStat(pid)?.parent ?? 0));
}

/**
 * Returns the current descendants of the processes. Only those with lightningd's environment belong
 * to the plugin. Empty if the kernel does not list children.
 */
export function descendantsOf(roots: readonly ProcessIdentity[]): readonly ProcessIdentity[] {
  const found: ProcessIdentity[] = [];
  const due = [...roots];
  for (let next = due.pop(); next !== undefined; next = due.pop()) {
    for (const pid of childrenOf(next.pid)) {
      const stat = processStat(pid);
      if (stat === undefined || found.some((known) => known.pid === pid)) continue;
      const child = { pid, startTime: stat.startTime };
      due.push(child);
      if (isPluginProcess(pid)) found.push(child);
    }
  }
  return found;
}

/**
 * Returns the children of all threads of a process: Node starts processes from its first thread,
 * other programs from any.
 */
function childrenOf(pid: number): number[] {
  return namesIn(`/proc/${pid}/task`).flatMap((thread) =>
    (readProc(pid, `task/${thread}/children`) ?? "")
      .split(" ")
      .filter((child) => child !== "")
      .map(Number),
  );
}

/** Returns a command line, such as `python3 /home/me/plugin.py`; empty if the process is gone. */
export function commandLineOf(pid: number): string {
  return argumentsOf(pid).join(" ");
}

/** Whether lightningd (plugin.c) or the embedded node started it: both set this variable. */
function isPluginProcess(pid: number): boolean {
  return environmentOf(pid)?.LIGHTNINGD_PLUGIN === "1";
}
