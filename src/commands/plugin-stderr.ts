/**
 * Passes on what plugins write to stderr, line by line with the plugin's name before it. A plugin
 * that floods is cut short rather than gathered in memory. Used by `cln-dev node`.
 */
import { harmless } from "../report/harmless.js";

/** What may wait for a slow terminal or pipe, in bytes, before lines are left out. */
const MAX_WAITING_BYTES = 1024 * 1024;
const MAX_LINE_BYTES = 64 * 1024;

export class PluginStderr {
  readonly #begun = new Map<string, string>();
  #leftOut = 0;

  constructor(private readonly out: NodeJS.WriteStream) {}

  take(plugin: string, chunk: Buffer): void {
    const lines = ((this.#begun.get(plugin) ?? "") + chunk.toString("utf8")).split("\n");
    const rest = lines.pop() ?? "";
    for (const line of lines) this.#write(plugin, line);
    if (rest.length <= MAX_LINE_BYTES) {
      this.#begun.set(plugin, rest);
    } else {
      this.#write(plugin, rest);
      this.#begun.delete(plugin);
    }
  }

  #write(plugin: string, line: string): void {
    if (this.out.writableLength > MAX_WAITING_BYTES) {
      this.#leftOut++;
      return;
    }
    if (this.#leftOut > 0) this.out.write(`... ${this.#leftOut} lines of stderr left out\n`);
    this.#leftOut = 0;
    this.out.write(`${plugin}: ${harmless(line)}\n`);
  }
}
