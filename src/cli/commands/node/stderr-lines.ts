/** What plugins on an embedded node write to stderr, line by line. Used by `node` and `watch`. */
import { StringDecoder } from "node:string_decoder";
import { harmless } from "../../report/sanitize.js";

/** What may wait for a slow terminal or pipe, in bytes, before lines are left out. */
const MAX_WAITING_BYTES = 1024 * 1024;
const MAX_LINE_BYTES = 64 * 1024;
/** A line that is not ended within this time is told as it is: its writer may have died. */
const UNENDED_MS = 200;

interface Begun {
  /** A character may come in two pieces. */
  readonly decoder: StringDecoder;
  text: string;
  timer?: NodeJS.Timeout;
}

/** Cuts the output of each plugin into lines. */
export class PluginStderr {
  readonly #begun = new Map<string, Begun>();

  constructor(private readonly onLine: (plugin: string, line: string) => void) {}

  take(plugin: string, chunk: Buffer): void {
    const begun = this.#begun.get(plugin) ?? { decoder: new StringDecoder("utf8"), text: "" };
    this.#begun.set(plugin, begun);
    clearTimeout(begun.timer);
    const lines = (begun.text + begun.decoder.write(chunk)).split("\n");
    begun.text = lines.pop() ?? "";
    for (const line of lines) this.onLine(plugin, line);
    if (begun.text === "") return;
    const tell = () => {
      this.onLine(plugin, begun.text);
      begun.text = "";
    };
    if (begun.text.length > MAX_LINE_BYTES) tell();
    else begun.timer = setTimeout(tell, UNENDED_MS).unref();
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
