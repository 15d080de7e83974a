/** Splits the stderr of the embedded node's plugins into lines. */
import { StringDecoder } from "node:string_decoder";

/** The longest unended line that is kept, in characters. A longer one is logged in parts. */
const MAX_LINE_LENGTH = 64 * 1024;
/** How long to wait for the end of a line, in ms. Its writer may have died. */
const UNENDED_MS = 200;

interface Begun {
  /** Handles characters that are split between two chunks. */
  readonly decoder: StringDecoder;
  text: string;
  timer?: NodeJS.Timeout;
}

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
    const pass = () => {
      this.onLine(plugin, begun.text);
      begun.text = "";
    };
    if (begun.text.length > MAX_LINE_LENGTH) pass();
    else begun.timer = setTimeout(pass, UNENDED_MS).unref();
  }
}
