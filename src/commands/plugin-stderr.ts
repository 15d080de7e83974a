/** What plugins on an embedded node write to stderr, line by line. Used by `node` and `watch`. */
import { harmless } from "../report/harmless.js";

/** What may wait for a slow terminal or pipe, in bytes, before lines are left out. */
const MAX_WAITING_BYTES = 1024 * 1024;
const MAX_LINE_BYTES = 64 * 1024;

/** Cuts the output of each plugin into lines. */
export class PluginStderr {
  readonly #begun = new Map<string, string>();

  constructor(private readonly onLine: (plugin: string, line: string) => void) {}

  take(plugin: string, chunk: Buffer): void {
    const lines = ((this.#begun.get(plugin) ?? "") + chunk.toString("utf8")).split("\n");
    const rest = lines.pop() ?? "";
    for (const line of lines) this.onLine(plugin, line);
    if (rest.length <= MAX_LINE_BYTES) {
      this.#begun.set(plugin, rest);
    } else {
      this.onLine(plugin, rest);
      this.#begun.delete(plugin);
    }
  }
}

/**
 * Writes lines with the plugin's name before them. A plugin that floods is cut short rather than
 * gathered in memory.
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
    out.write(`${plugin}: ${harmless(line)}\n`);
  };
}
