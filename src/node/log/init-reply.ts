/**
 * What a plugin answered to `init`. lightningd takes an error there for a start (lightningd/plugin.c
 * plugin_config_cb; cln-contract 4.4) and shows it nowhere; but its log ring holds every byte that a
 * plugin wrote to stdout (plugin_read_json), whatever its log level is. Used by watch/init-look.ts.
 */
import { basename } from "node:path";
import { Framer } from "../../jsonrpc/framing.js";
import { isObject, type JsonObject, parseObject, stringOf } from "../../jsonrpc/json.js";
import { eachRingEntry, type RingOptions } from "./getlog-stream.js";
import { plainText, sourceOfPlugin } from "./log-lines.js";

/** An answer to `init` that was an error. */
export interface InitError {
  /** The `error` member of the answer. */
  readonly error: JsonObject;
  /** What the plugin logged since it was started, by lines; a traceback may be in it. */
  readonly logged: string;
}

const MAX_LOGGED_LINES = 200;
/** An answer to `getmanifest` or `init` is not longer. */
const MAX_MESSAGE_BYTES = 8 * 1024 * 1024;
/** lightningd's own id of the request, after that of the call that started the plugin, if any. */
const INIT_ID = /(?:^|\/)cln:init#\d+$/;

/**
 * Which of these plugins answered the `init` of its last start with an error, as far as the ring
 * still holds that.
 * @param paths canonical
 * @returns by path; what answered well is not in it
 * @throws NodeUnreachable
 */
export async function readInitErrors(
  rpcFile: string,
  paths: readonly string[],
  options: RingOptions,
): Promise<ReadonlyMap<string, InitError>> {
  const starts = paths.map((path) => new LastStart(path));
  // Its own lines, and the node's `started(<pid>) <path>` for each plugin that it starts.
  const marks = starts.flatMap(({ source, name }) => [
    `"source":${JSON.stringify(source)}`,
    `/${JSON.stringify(name).slice(1)}`,
  ]);
  const take = (entry: JsonObject) => {
    for (const start of starts) start.take(entry);
  };
  await eachRingEntry(rpcFile, marks, take, options);
  return new Map(
    starts.flatMap(({ path, failure }) => (failure === undefined ? [] : [[path, failure]])),
  );
}

/** What the plugin wrote and logged since it was started last. */
class LastStart {
  readonly path: string;
  readonly name: string;
  readonly source: string;
  /** Its stdout; undefined before the start, and after the answer. */
  #stdout: Framer | undefined;
  #answer: JsonObject | undefined;
  #logged: string[] = [];

  constructor(path: string) {
    this.path = path;
    this.name = basename(path);
    this.source = sourceOfPlugin(this.name);
  }

  get failure(): InitError | undefined {
    const error = errorOf(this.#answer?.error);
    return error && { error, logged: this.#logged.join("\n") };
  }

  take(entry: JsonObject): void {
    const { type } = entry;
    const [source, text] = [stringOf(entry.source), stringOf(entry.log) ?? ""];
    if (source === "plugin-manager") {
      if (!text.startsWith("started(") || !text.endsWith(`/${this.name}`)) return;
      this.#started(text.endsWith(`) ${this.path}`));
    } else if (source === this.source) {
      if (type === "IO_IN") this.#read(Buffer.from(stringOf(entry.data) ?? "", "hex"));
      else if (type !== "IO_OUT") this.#log(plainText(source, text));
    }
  }

  #started(isOurs: boolean): void {
    // Another one of this file name logs under the same source: whose bytes come now is not known.
    this.#stdout = isOurs ? new Framer(MAX_MESSAGE_BYTES) : undefined;
    if (!isOurs) return;
    this.#answer = undefined;
    this.#logged = [];
  }

  /** A message may come in several entries, cut anywhere. */
  #read(bytes: Buffer): void {
    for (const { kind, bytes: message } of this.#stdout?.push(bytes) ?? []) {
      const answer = kind === "object" ? parseObject(message) : undefined;
      if (!INIT_ID.test(stringOf(answer?.id) ?? "")) continue;
      this.#answer = answer;
      this.#stdout = undefined;
      return;
    }
  }

  #log(text: string): void {
    if (this.#logged.length < MAX_LOGGED_LINES) this.#logged.push(text);
  }
}

function errorOf(error: unknown): JsonObject | undefined {
  if (error === undefined || error === null) return undefined;
  return isObject(error) ? error : { message: JSON.stringify(error) };
}
