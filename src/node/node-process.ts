/**
 * The node's own process, if it runs on this machine as the same user: its pid file names it
 * (lightningd/options.c, `lightningd-<network>.pid` in the lightning-dir). Only read, never
 * signalled.
 */
import { readRegularFile } from "../filesystem/regular-file.js";
import { attempt } from "../filesystem/try-read.js";

const MAX_BYTES = 1024;

/** Reads the node's process id from its pid file. @returns undefined without a pid file */
export function nodePid(lightningDir: string, network: string): number | undefined {
  const path = `${lightningDir}/lightningd-${network}.pid`;
  const text = attempt(() => readRegularFile(path, { maxBytes: MAX_BYTES }).toString("utf8")) ?? "";
  // lightningd writes over an older number, and leaves the end of a longer one in the second line.
  const pid = /^(\d{1,10})(?:\n|$)/.exec(text)?.[1];
  return pid === undefined ? undefined : Number(pid);
}
