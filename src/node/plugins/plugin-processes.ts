/**
 * The processes of a plugin on this machine, by /proc. While the node waits for getmanifest it refuses
 * to stop the plugin (cln-contract 3.7), so its process is ended here; a launcher's children outlive a
 * stop; and a process that is another one than before was started by somebody else.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { environOf } from "../node-process.js";

/** A process, safe against a pid that is used again. */
export interface ProcessIdentity {
  readonly pid: number;
  /** In clock ticks since the system was started (proc(5), field 22). */
  readonly startTime: string;
}

/**
 * Ends the plugin's processes that a node has started and that belong to this user.
 * A process counts only if it runs that very file, in the node's folder, with lightningd's
 * environment. Does nothing where there is no /proc.
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
    try {
      if (readlinkSync(`/proc/${pid}/cwd`) !== networkDir) return [];
      const argv = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      if (!argv.includes(path) || !isPluginProcess(pid)) return [];
      const stat = statOf(pid);
      return stat === undefined ? [] : [{ pid, startTime: stat.startTime }];
    } catch {
      return [];
    }
  });
}

/** Ends a process if it is still the one that was meant. @returns whether it was */
function kill(target: ProcessIdentity): boolean {
  if (!isRunning(target)) return false;
  try {
    process.kill(target.pid, "SIGKILL");
    return true;
  } catch {
    return false;
  }
}

/** Whether the process is still there, and not a zombie. */
function isRunning({ pid, startTime }: ProcessIdentity): boolean {
  const stat = statOf(pid);
  return stat !== undefined && stat.startTime === startTime && stat.state !== "Z";
}

/** Whether lightningd, or the embedded node, has started it (lightningd/plugin.c sets that). */
function isPluginProcess(pid: number): boolean {
  return environOf(pid).includes("LIGHTNINGD_PLUGIN=1");
}

interface Stat {
  readonly state: string;
  readonly parent: number;
  readonly startTime: string;
}

function statOf(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The command's name stands in brackets and may hold anything.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const [state = "", parent = ""] = fields;
    return { state, parent: Number(parent), startTime: fields[19] ?? "" };
  } catch {
    return undefined;
  }
}

function processIds(): number[] {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}
