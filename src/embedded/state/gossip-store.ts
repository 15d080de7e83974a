/**
 * The file with the network's gossip. Some plugins read it directly (`gossmap`) and do not start
 * without it. Used by node.ts.
 */
import { closeSync, constants, fstatSync, writeSync } from "node:fs";
import { join } from "node:path";
import { openOwnedFile } from "../../filesystem/owned-file.js";

/** The file of a new v26.06.6 node: the format version, and one record that names the file. */
const EMPTY = Buffer.from(
  "102000002250feebaa00000000100b6fe370221fb5611b7059ee881d3700bdde95130d3502b8e293c36c1202256ea5",
  "hex",
);

/** Creates the file if missing. @throws Failure, or the system's error, if that fails */
export function makeGossipStore(networkDir: string): void {
  const fd = openOwnedFile(join(networkDir, "gossip_store"), constants.O_APPEND);
  try {
    if (fstatSync(fd).size === 0) writeSync(fd, EMPTY);
  } finally {
    closeSync(fd);
  }
}
