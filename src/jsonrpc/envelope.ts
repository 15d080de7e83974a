/**
 * Reads the members that route a JSON-RPC message from its bytes, without decoding the rest: a
 * result of 10 MB passes through the hot host unread. lightningd matches ids by their raw text,
 * quotes included (lightningd/plugin.c plugin_response_handle), so that text is kept.
 */
import { Token } from "./token.js";

export interface Envelope {
  /** The id's text as written, with its quotes; undefined for a notification. */
  readonly id: string | undefined;
  /** The method's text without its quotes, not decoded; undefined for an answer. */
  readonly method: string | undefined;
  readonly kind: "request" | "notification" | "answer" | "other";
  /** Whether it is an answer with `error` in place of `result`. */
  readonly isError: boolean;
}

/** A whole message: its bytes, its envelope, and the rest on demand. */
export class RawMessage implements Envelope {
  readonly id: Envelope["id"];
  readonly method: Envelope["method"];
  readonly kind: Envelope["kind"];
  readonly isError: boolean;
  #token: Token | undefined;

  /** @param bytes from its first brace to its last */
  constructor(readonly bytes: Buffer) {
    const { id, method, kind, isError } = readEnvelope(bytes);
    this.id = id;
    this.method = method;
    this.kind = kind;
    this.isError = isError;
  }

  get token(): Token {
    this.#token ??= new Token(this.bytes.toString("utf8"));
    return this.#token;
  }

  get raw(): string {
    return this.token.raw;
  }

  /** Copies a message that is kept, so that the chunk it arrived in can be freed. */
  copy(): RawMessage {
    return new RawMessage(Buffer.from(this.bytes));
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const BRACE_CLOSE = 0x7d;

/**
 * Reads the top level of a whole object. Stops as soon as it knows enough.
 * @param bytes from its first brace to its last
 */
export function readEnvelope(bytes: Buffer): Envelope {
  let id: string | undefined;
  let method: string | undefined;
  let answer: "result" | "error" | undefined;
  let at = skipSeparators(bytes, 1);
  while (at < bytes.length && bytes[at] === QUOTE) {
    const keyEnd = endOfString(bytes, at);
    const key = bytes.toString("latin1", at + 1, keyEnd - 1);
    at = skipSeparators(bytes, keyEnd);
    if (bytes[at] !== COLON) break;
    at = skipSeparators(bytes, at + 1);
    const end = endOfValue(bytes, at);
    if (key === "id") id ??= bytes.toString("utf8", at, end);
    else if (key === "method") method ??= bytes.toString("utf8", at + 1, end - 1);
    else if (key === "result" || key === "error") answer ??= key;
    if (id !== undefined && (method !== undefined || answer !== undefined)) break;
    at = skipSeparators(bytes, end);
  }
  const isError = answer === "error";
  if (method !== undefined) {
    return { id, method, kind: id === undefined ? "notification" : "request", isError };
  }
  return {
    id,
    method,
    kind: id === undefined || answer === undefined ? "other" : "answer",
    isError,
  };
}

/** Skips white space, and commas, which lightningd's parser ignores (external/jsmn). */
function skipSeparators(bytes: Buffer, from: number): number {
  let at = from;
  for (; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09 && byte !== 0x2c) break;
  }
  return at;
}

/** Returns the position after the closing quote. */
function endOfString(bytes: Buffer, from: number): number {
  for (let at = from; ; ) {
    const quote = bytes.indexOf(QUOTE, at + 1);
    if (quote === -1) return bytes.length;
    let before = quote - 1;
    while (before > from && bytes[before] === BACKSLASH) before--;
    if ((quote - before) % 2 === 1) return quote + 1;
    at = quote;
  }
}

function endOfValue(bytes: Buffer, from: number): number {
  const first = bytes[from];
  if (first === QUOTE) return endOfString(bytes, from);
  if (first !== 0x7b && first !== 0x5b) {
    let at = from;
    while (at < bytes.length && !isEnd(bytes[at])) at++;
    return at;
  }
  let depth = 0;
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) at = endOfString(bytes, at) - 1;
    else if (byte === 0x7b || byte === 0x5b) depth++;
    else if ((byte === BRACE_CLOSE || byte === 0x5d) && --depth === 0) return at + 1;
  }
  return bytes.length;
}

function isEnd(byte: number | undefined): boolean {
  return byte === undefined || byte <= 0x20 || byte === 0x2c || byte === 0x7d || byte === 0x5d;
}
