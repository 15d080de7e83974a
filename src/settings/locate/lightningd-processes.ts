/** Where the lightningd processes of this user have their nodes, as far as /proc tells (Linux). */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { NodeAddress } from "../types.js";
import { locateNode } from "./locate-node.js";
import { isNetwork } from "./networks.js";

/** Other users' processes do not show their working directory: they are left out. */
export function lightningdProcesses(): NodeAddress[] {
  return processIds().flatMap((pid) => {
    try {
      if (readFileSync(`/proc/${pid}/comm`, "utf8") !== "lightningd\n") return [];
      const args = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      return addressOf(readlinkSync(`/proc/${pid}/cwd`), args);
    } catch {
      return []; // It has ended, it is not ours, or its config has become unreadable.
    }
  });
}

function processIds(): string[] {
  try {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

/** lightningd works in `<lightning-dir>/<network>` (lightningd/options.c), whatever its flags said. */
function addressOf(networkDir: string, args: readonly string[]): NodeAddress[] {
  const network = basename(networkDir);
  if (!isNetwork(network)) return [];
  // Relative to a folder that it has left since, a --conf is of no use.
  const conf = flagValue(args, "--conf");
  const choice = {
    lightningDir: dirname(networkDir),
    network,
    rpcFile: flagValue(args, "--rpc-file"),
    conf: conf?.startsWith("/") ? conf : undefined,
  };
  return [locateNode(choice, { home: undefined, cwd: "/" })];
}

/** The last `--flag=value` or `--flag value`. */
function flagValue(args: readonly string[], flag: string): string | undefined {
  for (let index = args.length - 1; index > 0; index--) {
    const arg = args[index] ?? "";
    if (arg.startsWith(`${flag}=`)) return arg.slice(flag.length + 1);
    if (args[index - 1] === flag) return arg;
  }
  return undefined;
}
