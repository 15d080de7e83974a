/** Reads this user's processes from /proc, on Linux. Other systems have none to show. */
import { readFileSync } from "node:fs";
import { attempt, linkTarget, namesIn } from "../filesystem/try-read.js";

export interface ProcessStat {
  /** `R`, `S`, `T` (stopped), `Z` (ended, not yet reaped), ... */
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  /** The terminal's foreground process group. */
  readonly foreground: number;
  /** In clock ticks since the system started. */
  readonly startTime: string;
}

/**
 * Reads what /proc shows of a process.
 * @returns undefined if the process is gone, or there is no /proc
 */
export function processStat(pid: number): ProcessStat | undefined {
  const text = readProc(pid, "stat");
  if (text === undefined) return undefined;
  // The command's name is in brackets and may contain some; the state follows it (proc(5)).
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state = "", parent, group, , , foreground] = fields;
  return {
    state,
    parent: Number(parent),
    group: Number(group),
    foreground: Number(foreground),
    startTime: fields[19] ?? "",
  };
}

/** Whether a process is stopped: by SIGSTOP, Ctrl-Z or a debugger. */
export function isStopped(pid: number): boolean {
  return /^[Tt]/.test(processStat(pid)?.state ?? "");
}

/** Returns the ids of all processes that /proc lists; empty without /proc. */
export function processIds(): readonly number[] {
  return namesIn("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Returns a process's arguments, such as `["python3", "/home/me/plugin.py"]`; empty if unknown. */
export function argumentsOf(pid: number): readonly string[] {
  const text = readProc(pid, "cmdline");
  return text ? text.replace(/\0$/, "").split("\0") : [];
}

/** Returns a process's working directory; undefined if it cannot be read. */
export function workingDirectoryOf(pid: number): string | undefined {
  return linkTarget(`/proc/${pid}/cwd`);
}

/** Returns the target of each descriptor of a process: a path, `pipe:[1234]`, `socket:[1234]`. */
export function openedBy(pid: number | "self"): ReadonlyMap<string, string> {
  const folder = `/proc/${pid}/fd`;
  return new Map(
    namesIn(folder).flatMap((fd) => {
      const target = linkTarget(`${folder}/${fd}`);
      return target === undefined ? [] : [[fd, target]];
    }),
  );
}

/** Returns how many bytes a process has written, to anything; undefined if it cannot be read. */
export function bytesWrittenBy(pid: number): number | undefined {
  const count = /^wchar: (\d+)$/m.exec(readProc(pid, "io") ?? "")?.[1];
  return count === undefined ? undefined : Number(count);
}

/** Returns the environment a process was started with; undefined if it cannot be read. */
export function environmentOf(pid: number): Readonly<Record<string, string>> | undefined {
  const text = readProc(pid, "environ");
  if (!text) return undefined;
  const entries = text.split("\0").flatMap((entry): [string, string][] => {
    const at = entry.indexOf("=");
    return at > 0 ? [[entry.slice(0, at), entry.slice(at + 1)]] : [];
  });
  return Object.fromEntries(entries);
}

/** Reads a file from a process's folder in /proc; undefined if it cannot be read. */
export function readProc(pid: number, name: string): string | undefined {
  return attempt(() => readFileSync(`/proc/${pid}/${name}`, "utf8"));
}
