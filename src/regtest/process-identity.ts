/** Which process a pid means: the kernel gives the number to another one after its end. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { argumentsOf, processStat, workingDirectoryOf } from "../node/process-table.js";

/**
 * When the process began, as a text that no other process with this number has.
 * @returns undefined if it has ended
 */
export function startOf(pid: number): string | undefined {
  if (process.platform !== "linux") return psField(pid, "lstart=");
  const stat = processStat(pid);
  return stat === undefined || stat.state === "Z" ? undefined : `${bootId()} ${stat.startTime}`;
}

/** This process, for {@link isAlive} in another one. */
export function ownIdentity(): string {
  return `${process.pid} ${startOf(process.pid)}`;
}

/** @param identity as {@link ownIdentity} gives it */
export function isAlive(identity: string): boolean {
  const [pid, ...start] = identity.split(" ");
  return startOf(Number(pid)) === start.join(" ");
}

let boot: string | undefined;

function bootId(): string {
  boot ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return boot;
}

/** Whether the process is a lightningd that runs in this lightning-dir on regtest. */
export function isLightningdIn(pid: number, lightningDir: string): boolean {
  const flag = `--lightning-dir=${lightningDir}`;
  if (process.platform !== "linux") return (psField(pid, "command=") ?? "").includes(flag);
  const args = argumentsOf(pid);
  if (args.includes(flag)) return true;
  // Started with other flags: it works in its network's folder (lightningd/options.c).
  const isThere = workingDirectoryOf(pid) === `${lightningDir}/regtest`;
  return isThere && basename(args[0] ?? "") === "lightningd";
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
