/**
 * Reads JSON-RPC messages as lightningd does, from its socket and from a plugin's stdout
 * (common/jsonrpc_io.c): objects back to back, each with a `jsonrpc` member. Nothing is parsed
 * before a `}` arrives, and an error spoils everything after it. JSON.parse decides what is JSON.
 */
import { isUtf8 } from "node:buffer";
import { RawMessage } from "./envelope.js";
import { type Frame, Framer } from "./framing.js";
import { parseJson, parseObject } from "./json.js";

/**
 * `message`: a whole message. `stray`: anything else, which lightningd does not object to yet.
 * `fault`: the end of reading, with lightningd's error message; `written` is what it quotes.
 */
export type Reading =
  | { readonly kind: "message"; readonly message: RawMessage }
  | { readonly kind: "stray"; readonly text: string }
  | { readonly kind: "fault"; readonly nodeMessage: string; readonly written: string };

export interface ReadLimits {
  /** How long a message may grow before it is a fault, in bytes. */
  readonly maxBytes: number;
  /** How deep objects and arrays may nest before it is a fault. */
  readonly maxDepth?: number;
}

/** The longest quote, in bytes. */
const MAX_QUOTE = 1024 * 1024;
/** How much other text may arrive without a `}`, at which lightningd starts to parse, in bytes. */
const MAX_STRAY_BYTES = 1024 * 1024;

export class MessageReader {
  readonly #framer: Framer;
  /** Everything since the last message: lightningd quotes all of it. */
  #since: Buffer[] = [];
  #strayBytes = 0;
  #pendingBytes = 0;
  #spoiled = false;

  constructor({ maxBytes, maxDepth }: ReadLimits) {
    this.#framer = new Framer(maxBytes, maxDepth);
  }

  /** Returns and forgets an unfinished message, if any. */
  takePending(): string | undefined {
    return this.#framer.flush()?.toString("utf8");
  }

  /** Takes a chunk and yields what it completes; after a fault, only stray text. */
  *push(chunk: Buffer): Generator<Reading> {
    let frames: Frame[];
    try {
      frames = this.#framer.push(chunk);
    } catch (error) {
      if (!this.#spoiled) yield this.#fault(error instanceof Error ? error.message : String(error));
      return;
    }
    let from = 0;
    if (!this.#spoiled) this.#since.push(chunk);
    for (const { kind, bytes, end } of frames) {
      const reading = kind === "text" ? this.#readText(bytes) : this.#readObject(bytes);
      yield* reading;
      if (kind === "text" || this.#spoiled) continue;
      from = end;
      this.#since = [chunk.subarray(from)];
    }
    if (this.#framer.pendingKind === "text") yield* this.#readPending(chunk);
    // Copy the rest: it is mostly two newlines, but would keep a whole large message in memory.
    if (from > 0 && !this.#spoiled) this.#since = [Buffer.from(chunk.subarray(from))];
  }

  *#readObject(bytes: Buffer): Generator<Reading> {
    if (this.#spoiled) return;
    const value = isUtf8(bytes) ? parseObject(bytes) : undefined;
    const isMessage = value !== undefined && Object.hasOwn(value, "jsonrpc");
    // If something else precedes it, lightningd reads the two as one broken message.
    if (isMessage && this.#strayBytes === 0) {
      yield { kind: "message", message: new RawMessage(bytes) };
      return;
    }
    if (!isMessage) yield { kind: "stray", text: bytes.toString("utf8") };
    yield this.#notMessage();
  }

  *#readText(bytes: Buffer): Generator<Reading> {
    yield { kind: "stray", text: bytes.toString("utf8").trimEnd() };
    if (this.#spoiled) return;
    this.#strayBytes += bytes.length;
    if (bytes.includes("}")) yield this.#notMessage();
    else if (this.#strayBytes >= MAX_STRAY_BYTES) {
      yield this.#fault(`more than ${MAX_STRAY_BYTES} bytes without a message`);
    }
  }

  /** Reads text whose line has not ended, once there is a `}` or too much of it. */
  *#readPending(chunk: Buffer): Generator<Reading> {
    if (this.#spoiled) return;
    this.#pendingBytes += chunk.length;
    if (!chunk.includes("}") && this.#pendingBytes < MAX_STRAY_BYTES) return;
    this.#pendingBytes = 0;
    const text = this.#framer.flush();
    if (text !== undefined) yield* this.#readText(text);
  }

  #notMessage(): Reading {
    const written = this.#quote();
    const nodeMessage =
      parseJson(written) === undefined || !isUtf8(Buffer.concat(this.#since))
        ? `Failed to parse RPC JSON response '${written}'`
        : `JSON-RPC message does not contain "jsonrpc" field: '${written}'`;
    return this.#fault(nodeMessage, written);
  }

  #fault(nodeMessage: string, written = this.#quote()): Reading {
    this.#spoiled = true;
    this.#since = [];
    return { kind: "fault", nodeMessage, written };
  }

  #quote(): string {
    return Buffer.concat(this.#since).subarray(0, MAX_QUOTE).toString("utf8");
  }
}
