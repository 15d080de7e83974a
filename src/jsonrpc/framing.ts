/**
 * Cuts a stream of bytes into JSON objects, wherever the chunks end. Used on the node's socket, a
 * plugin's stdout and the control socket. They all carry objects back to back, separated only by
 * white space (lightningd ends each message with two newlines: common/jsonrpc_io.c).
 */

/** `object`: the bytes of one whole `{...}`; `text`: a run of other bytes between objects. */
export interface Frame {
  readonly kind: "object" | "text";
  readonly bytes: Buffer;
  /** The offset where it ends in the chunk that completed it. */
  readonly end: number;
}

const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;
const BRACKET_OPEN = 0x5b;
const BRACKET_CLOSE = 0x5d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const NEWLINE = 0x0a;

/** Thrown for a message that is longer, or nested deeper, than its reader allows. */
class FrameLimit extends Error {}

export class Framer {
  #held: Buffer[] = [];
  #heldBytes = 0;
  #kind: Frame["kind"] | undefined;
  #depth = 0;
  #inString = false;
  #escaped = false;

  /**
   * @param maxBytes how long an unfinished frame may grow before push throws {@link FrameLimit}
   * @param maxDepth how deep objects and arrays may nest before push throws {@link FrameLimit}
   */
  constructor(
    private readonly maxBytes = 256 * 1024 * 1024,
    private readonly maxDepth = Number.POSITIVE_INFINITY,
  ) {}

  /** The kind of the unfinished frame, if any. */
  get pendingKind(): Frame["kind"] | undefined {
    return this.#kind;
  }

  /** Takes a chunk and returns the frames it completes, in order. @throws FrameLimit */
  push(chunk: Buffer): Frame[] {
    const frames: Frame[] = [];
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] as number;
      if (this.#kind === "object") {
        if (this.#endsObject(byte)) {
          frames.push(this.#take("object", chunk, from, at + 1));
          from = at + 1;
        }
      } else if (byte === BRACE_OPEN) {
        if (this.#kind === "text") frames.push(this.#take("text", chunk, from, at));
        from = at;
        this.#kind = "object";
        this.#depth = 1;
      } else if (this.#kind === "text") {
        if (byte === NEWLINE) {
          frames.push(this.#take("text", chunk, from, at));
          from = at + 1;
        }
      } else if (isSpace(byte)) {
        from = at + 1;
      } else {
        from = at;
        this.#kind = "text";
      }
    }
    if (this.#kind !== undefined) this.#hold(chunk.subarray(from));
    return frames;
  }

  /** Returns and forgets the unfinished frame, if any: text or half an object. */
  flush(): Buffer | undefined {
    if (this.#heldBytes === 0) return undefined;
    return this.#take("text", Buffer.alloc(0), 0, 0).bytes;
  }

  #endsObject(byte: number): boolean {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (byte === BACKSLASH) this.#escaped = true;
      else if (byte === QUOTE) this.#inString = false;
      return false;
    }
    if (byte === QUOTE) this.#inString = true;
    else if (byte === BRACE_OPEN || byte === BRACKET_OPEN) this.#enter();
    else if (byte === BRACE_CLOSE || byte === BRACKET_CLOSE) return --this.#depth === 0;
    return false;
  }

  #enter(): void {
    if (++this.#depth > this.maxDepth) {
      throw new FrameLimit(`a message that is nested more than ${this.maxDepth} levels deep`);
    }
  }

  #hold(bytes: Buffer): void {
    this.#heldBytes += bytes.length;
    if (this.#heldBytes > this.maxBytes) {
      throw new FrameLimit(`a message of more than ${this.maxBytes} bytes`);
    }
    if (bytes.length > 0) this.#held.push(bytes);
  }

  #take(kind: Frame["kind"], chunk: Buffer, from: number, end: number): Frame {
    const last = chunk.subarray(from, end);
    const bytes = this.#held.length === 0 ? last : Buffer.concat([...this.#held, last]);
    this.#held = [];
    this.#heldBytes = 0;
    this.#kind = undefined;
    this.#inString = false;
    this.#escaped = false;
    this.#depth = 0;
    return { kind, bytes, end };
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === NEWLINE || byte === 0x0d || byte === 0x09;
}
