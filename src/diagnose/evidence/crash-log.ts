/**
 * What a node leaves behind when it crashes: lightningd writes its last log lines and a backtrace
 * into `crash.log.<time>` in its network directory, and into its log (lightningd/log.c).
 */
import { join } from "node:path";
import { namesIn, tryStat } from "../../filesystem/try-read.js";
import { readTail } from "../../node/log/log-file.js";

export interface NodeDeath {
  /** The crash log. */
  readonly file: string;
  /** Its last lines about the crash, oldest first. */
  readonly lines: readonly string[];
}

const MAX_CRASH_BYTES = 64 * 1024;

/**
 * Reads the record of the node's last crash.
 * @param since earlier crashes are ignored
 * @returns undefined if no crash was recorded
 */
export function readDeath(networkDir: string, since: Date): NodeDeath | undefined {
  for (const file of crashLogs(networkDir, since)) {
    try {
      const { lines } = readTail(file, MAX_CRASH_BYTES);
      const telling = lines.filter((line) => /FATAL SIGNAL|backtrace:|Assertion|BROKEN/.test(line));
      return { file, lines: telling.slice(-30) };
    } catch {
      // Another user's node, or the file is gone: try the next one.
    }
  }
  return undefined;
}

/** Newest first. */
function crashLogs(networkDir: string, since: Date): string[] {
  return namesIn(networkDir)
    .filter((name) => name.startsWith("crash.log."))
    .map((name) => join(networkDir, name))
    .map((file) => ({ file, written: tryStat(file)?.mtimeMs ?? 0 }))
    .filter(({ written }) => written >= since.getTime() - 1000)
    .sort((a, b) => b.written - a.written)
    .map(({ file }) => file);
}
