/**
 * The node's own process, where it runs on this machine and is the same user's: its pid file names it
 * (lightningd/options.c, `lightningd-<network>.pid` in the lightning-dir). Only read, never signalled.
 */
import { readFileSync } from "node:fs";

/** @returns undefined without a pid file */
export function nodePid(lightningDir: string, network: string): number | undefined {
  try {
    const text = readFileSync(`${lightningDir}/lightningd-${network}.pid`, "utf8");
    // lightningd writes over an older number and leaves the end of a longer one in the second line.
    const [, pid] = /^(\d{1,10})(?:\n|$)/.exec(text) ?? [];
    return pid === undefined ? undefined : Number(pid);
  } catch {
    return undefined;
  }
}

/** A process's environment as it was started, `NAME=value` each; empty where it cannot be read. */
export function environOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return [];
  }
}
/** Whether a process is stopped: by SIGSTOP, Ctrl-Z or a debugger. False without /proc. */
export function isStopped(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return /^[Tt]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch {
    return false;
  }
}
