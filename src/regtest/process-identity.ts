/** Which process a pid means: the kernel gives the number to another one after its end. */
import { execFileSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";

/**
 * When the process began, as a text that no other process with this number has.
 * @returns undefined where it has ended
 */
export function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name is in brackets and may hold some; the state and the start time follow it (man 5 proc_pid_stat).
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : `${bootId()} ${fields[19]}`;
  } catch {
    return process.platform === "linux" ? undefined : psField(pid, "lstart=");
  }
}

let boot: string | undefined;

function bootId(): string {
  boot ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return boot;
}

/** Whether the process is a lightningd that runs in this lightning-dir on regtest. */
export function isLightningdIn(pid: number, lightningDir: string): boolean {
  const flag = `--lightning-dir=${lightningDir}`;
  try {
    const args = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    if (args.includes(flag)) return true;
    // Started with other flags: it works in its network's folder (lightningd/options.c).
    const isThere = readlinkSync(`/proc/${pid}/cwd`) === `${lightningDir}/regtest`;
    return isThere && basename(args[0] ?? "") === "lightningd";
  } catch {
    return process.platform !== "linux" && (psField(pid, "command=") ?? "").includes(flag);
  }
}

/** For systems without /proc. */
function psField(pid: number, field: string): string | undefined {
  try {
    const args = ["-o", field, "-p", String(pid)];
    const shown = execFileSync("ps", args, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return shown.trim() || undefined;
  } catch {
    return undefined;
  }
}
