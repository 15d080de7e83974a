/**
 * What a process is waiting for right now, from the system call that it is in (proc(5),
 * `/proc/<pid>/syscall`). The process is neither stopped nor run again. Linux on x64 and arm64.
 */
import { readFileSync, readlinkSync } from "node:fs";

export type ProcessWait =
  | "computing"
  /** Reads its stdin: waits for the next request. */
  | "stdin"
  | "sleep"
  /** Waits for a process that it has started. */
  | "child"
  | "socket"
  | "file"
  /** Waits for one of several things, as an event loop does. */
  | "events"
  | "lock";

/** Numbers of system calls (asm/unistd.h). */
const CALLS: Readonly<Record<string, Readonly<Record<number, ProcessWait | "read">>>> = {
  x64: {
    0: "read",
    7: "events",
    23: "events",
    35: "sleep",
    42: "socket",
    43: "socket",
    45: "socket",
    47: "socket",
    61: "child",
    202: "lock",
    230: "sleep",
    232: "events",
    247: "child",
    270: "events",
    271: "events",
    281: "events",
    288: "socket",
  },
  arm64: {
    22: "events",
    63: "read",
    72: "events",
    73: "events",
    95: "child",
    98: "lock",
    101: "sleep",
    115: "sleep",
    202: "socket",
    203: "socket",
    207: "socket",
    212: "socket",
    242: "socket",
    260: "child",
  },
};

/** Finds out what a process is waiting for. @returns undefined if the system does not show it */
export function whatItWaitsFor(pid: number): ProcessWait | undefined {
  try {
    const [number = "", first = ""] = readFileSync(`/proc/${pid}/syscall`, "utf8").split(" ");
    if (number.trim() === "running") return "computing";
    const call = CALLS[process.arch]?.[Number(number)];
    return call === "read" ? readOf(pid, Number(first)) : call;
  } catch {
    return undefined;
  }
}

function readOf(pid: number, descriptor: number): ProcessWait {
  if (descriptor === 0) return "stdin";
  return readlinkSync(`/proc/${pid}/fd/${descriptor}`).startsWith("socket:") ? "socket" : "file";
}
