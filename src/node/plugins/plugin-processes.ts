/**
 * The processes of a plugin on this machine, from /proc. While the node waits for getmanifest it
 * refuses to stop the plugin, so its process is ended here. A launcher's children outlive a stop.
 * And if the process is a different one than before, the plugin was started by someone else.
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

/** A process, safe against reused pids. */
export interface ProcessIdentity {
  readonly pid: number;
  /** In clock ticks since the system started (proc(5), field 22). */
  readonly startTime: string;
}

/**
 * Ends the plugin's processes that a node has started and that belong to this user. A process
 * counts only if it runs that very file, in the node's folder, with lightningd's environment. Does
 * nothing without /proc.
 * @param path the plugin's canonical path
 * @param networkDir the node's network directory: a plugin's working directory
 * @returns how many were ended
 */
export function killPluginProcesses(path: string, networkDir: string): number {
  return pluginProcesses(path, networkDir).filter(kill).length;
}

/** The plugin's processes on that node, as far as /proc shows them. */
export function pluginProcesses(path: string, networkDir: string): readonly ProcessIdentity[] {
  return processIds().flatMap((pid) => {
    if (workingDirectoryOf(pid) !== networkDir) return [];
    if (!argumentsOf(pid).includes(path) || !isPluginProcess(pid)) return [];
    const stat = processStat(pid);
    return stat === undefined ? [] : [{ pid, startTime: stat.startTime }];
  });
}

/** Ends a process if it is still the same one. @returns whether it was */
export function kill(target: ProcessIdentity): boolean {
  if (!isRunning(target)) return false;
  try {
    process.kill(target.pid, "SIGKILL");
    return true;
  } catch {
    return false;
  }
}

/** The process that has this pid now; undefined if there is none, or no /proc. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const stat = processStat(pid);
  return stat === undefined || stat.state === "Z" ? undefined : { pid, startTime: stat.startTime };
}

/** Whether the process still exists and is not a zombie. */
export function isRunning({ pid, startTime }: ProcessIdentity): boolean {
  const stat = processStat(pid);
  return stat !== undefined && stat.startTime === startTime && stat.state !== "Z";
}

/** Those of the processes that none of the others has started: the ones the node started itself. */
export function rootsOf(processes: readonly ProcessIdentity[]): readonly ProcessIdentity[] {
  const pids = new Set(processes.map(({ pid }) => pid));
  return processes.filter(({ pid }) => !pids.has(processStat(pid)?.parent ?? 0));
}

/**
 * All descendants of the processes, at this moment, that have lightningd's environment: nothing
 * else is the plugin's. Empty if the kernel does not list children.
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
 * The children of each of its threads: Node starts processes from the first one, other programs
 * from any.
 */
function childrenOf(pid: number): number[] {
  return namesIn(`/proc/${pid}/task`).flatMap((thread) =>
    (readProc(pid, `task/${thread}/children`) ?? "")
      .split(" ")
      .filter((child) => child !== "")
      .map(Number),
  );
}

/** `python3 /home/me/plugin.py`; empty if the process is gone. */
export function commandLineOf(pid: number): string {
  return argumentsOf(pid).join(" ");
}

/** Whether lightningd, or the embedded node, has started it (lightningd/plugin.c sets that). */
function isPluginProcess(pid: number): boolean {
  return environmentOf(pid)?.LIGHTNINGD_PLUGIN === "1";
}
