/** Identifies processes beyond their pid: the kernel reuses a pid once its process has ended. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { argumentsOf, processStat, workingDirectoryOf } from "../node/process-table.js";

/**
 * Returns when the process started, as text that differs for every process with this pid.
 * @returns undefined if the process has ended
 */
export function startOf(pid: number): string | undefined {
  if (process.platform !== "linux") return psField(pid, "lstart=");
  const stat = processStat(pid);
  return stat === undefined || stat.state === "Z" ? undefined : `${bootId()} ${stat.startTime}`;
}

/** Returns the identity of this process, for {@link isAlive} in another one. */
export function ownIdentity(): string {
  return `${process.pid} ${startOf(process.pid)}`;
}

/**
 * Whether the process is still running.
 * @param identity as {@link ownIdentity} returns it
 */
export function isAlive(identity: string): boolean {
  const [pid, ...start] = identity.split(" ");
  return startOf(Number(pid)) === start.join(" ");
}

let boot: string | undefined;

function bootId(): string {
  boot ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return boot;
}

/** Whether the process is a lightningd that runs on regtest in this lightning-dir. */
export function isLightningdIn(pid: number, lightningDir: string): boolean {
  const flag = `--lightning-dir=${lightningDir}`;
  if (process.platform !== "linux") return (psField(pid, "command=") ?? "").includes(flag);
  const args = argumentsOf(pid);
  if (args.includes(flag)) return true;
  // Started with other flags: its working directory is its network's folder (lightningd/options.c).
  const isThere = workingDirectoryOf(pid) === `${lightningDir}/regtest`;
  return isThere && basename(args[0] ?? "") === "lightningd";
}

/** Reads a field of `ps`, for systems without /proc. */
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
