/** Questions about processes. */
import { readFileSync } from "node:fs";

/** One that has ended is not, also if nobody has asked for its exit code yet (an init that is slow). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // The state follows the name, which is in brackets and may hold some (man 5 proc_pid_stat).
    return !/\) [ZX] [^)]*$/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

/** The process id that a program has written to a file. */
export function pidIn(file: string): number {
  return Number(readFileSync(file, "utf8"));
}
