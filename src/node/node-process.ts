/**
 * Finds the node's own process, if it runs on this machine as the same user. Its pid file is
 * `lightningd-<network>.pid` in the lightning-dir (lightningd/options.c). The process is only
 * inspected, never signalled.
 */
import { readRegularFile } from "../filesystem/regular-file.js";
import { attempt } from "../filesystem/try-read.js";

const MAX_BYTES = 1024;

/** Reads the node's process id from its pid file; undefined if there is no valid one. */
export function nodePid(lightningDir: string, network: string): number | undefined {
  const path = `${lightningDir}/lightningd-${network}.pid`;
  const text = attempt(() => readRegularFile(path, { maxBytes: MAX_BYTES }).toString("utf8")) ?? "";
  // lightningd overwrites the previous number; the end of a longer one stays on the second line.
  const pid = /^(\d{1,10})(?:\n|$)/.exec(text)?.[1];
  return pid === undefined ? undefined : Number(pid);
}
