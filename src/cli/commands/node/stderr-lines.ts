/** Writes what plugins on an embedded node print to stderr, line by line. */
import { sanitize } from "../../report/sanitize.js";

/** How much may be buffered for a slow terminal or pipe before lines are dropped, in bytes. */
const MAX_WAITING_BYTES = 1024 * 1024;

/**
 * Returns a function that writes lines prefixed with the plugin's name. If the reader is too slow,
 * lines are dropped instead of buffered in memory.
 */
export function writeLinesTo(out: NodeJS.WriteStream): (plugin: string, line: string) => void {
  let leftOut = 0;
  return (plugin, line) => {
    if (out.writableLength > MAX_WAITING_BYTES) {
      leftOut++;
      return;
    }
    if (leftOut > 0) out.write(`... ${leftOut} lines of stderr left out\n`);
    leftOut = 0;
    out.write(`${sanitize(plugin)}: ${sanitize(line)}\n`);
  };
}
