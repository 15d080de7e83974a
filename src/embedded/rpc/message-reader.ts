/**
 * Reads messages as lightningd reads them, from its socket and from a plugin's stdout alike
 * (common/jsonrpc_io.c): objects back to back; nothing is looked at until a `}` has come; one wrong
 * byte spoils all that has been received and not yet read. Used by connection.ts and hosted-plugin.ts.
 */
import { isUtf8 } from "node:buffer";
import { Token } from "../../jsonrpc/token.js";
import { JsonScanner } from "./json-scanner.js";

/**
 * What came: a whole message; the fault after which lightningd reads no more; or a NUL byte, after
 * which it waits for ever for the rest, without a word.
 */
export type Reading =
  | { readonly kind: "message"; readonly message: Token }
  | { readonly kind: "fault"; readonly text: string }
  | { readonly kind: "nul" };

const BRACE_CLOSE = 0x7d;

/** How much may come that is no JSON, and without the `}` at which lightningd looks, in bytes. */
const MAX_GARBAGE_BYTES = 16 * 1024 * 1024;

/** Longer faults are cut: lightningd quotes all that it has received. */
const MAX_QUOTE = 1024 * 1024;

export class MessageReader {
  #held: Buffer[] = [];
  #heldBytes = 0;
  readonly #scanner = new JsonScanner();
  #spoiled = false;
  #deaf = false;
  /** Has a `}` come since the last whole message? lightningd does not look before. */
  #sawBrace = false;
  readonly #maxBytes: number;

  /** @param maxBytes how long a message may grow before it counts as a fault */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Takes a chunk and gives what it completes; after a fault, or a NUL byte, nothing more. */
  push(bytes: Buffer): Reading[] {
    if (this.#deaf) return [];
    // lightningd's parser takes a NUL for the end of what there is, and waits for it to grow.
    const nul = bytes.indexOf(0);
    if (nul < 0) return this.#take(bytes);
    this.#deaf = true;
    return [...this.#take(bytes.subarray(0, nul)), { kind: "nul" }];
  }

  #take(chunk: Buffer): Reading[] {
    const ends = this.#spoiled ? [] : this.#scan(chunk);
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    this.#sawBrace ||= chunk.includes(BRACE_CLOSE);
    if (this.#spoiled && this.#sawBrace) return [parseFault(this.#takeHeld())];
    if (this.#spoiled) return this.#faultIfLonger(MAX_GARBAGE_BYTES);
    if (ends.length === 0 || !this.#sawBrace) return this.#faultIfLonger(this.#maxBytes);
    const held = this.#takeHeld();
    const base = held.length - chunk.length;
    const readings: Reading[] = [];
    let from = 0;
    for (const end of ends) {
      const rest = held.subarray(from);
      const reading = readOne(rest, base + end - from);
      if (reading === undefined) break;
      readings.push(reading);
      if (reading.kind === "fault") return readings;
      from = base + end;
    }
    this.#hold(held.subarray(from));
    return readings;
  }

  /** Gives the offsets in the chunk at which values end; marks all as spoiled at a wrong byte. */
  #scan(chunk: Buffer): number[] {
    const ends: number[] = [];
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] as number;
      const step = this.#scanner.step(byte);
      if (step === "inside") continue;
      if (step === "invalid") {
        this.#spoiled = true;
        return ends;
      }
      const wasClosed = byte === BRACE_CLOSE || byte === 0x5d || byte === 0x22;
      ends.push(wasClosed ? at + 1 : at);
    }
    return ends;
  }

  #faultIfLonger(maxBytes: number): Reading[] {
    if (this.#heldBytes <= maxBytes) return [];
    this.#spoiled = true;
    const start = this.#takeHeld().subarray(0, 200);
    const text = `More than ${maxBytes} bytes without an end, beginning '${start}'`;
    return [{ kind: "fault", text }];
  }

  #hold(rest: Buffer): void {
    if (rest.length === 0) return;
    // A copy, for the rest is mostly two newlines, and would keep a whole large message in memory.
    this.#held = [Buffer.from(rest)];
    this.#heldBytes = rest.length;
    this.#sawBrace = rest.includes(BRACE_CLOSE);
  }

  #takeHeld(): Buffer {
    const all =
      this.#held.length === 1 && this.#held[0] ? this.#held[0] : Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    this.#sawBrace = false;
    return all;
  }
}

/** @returns undefined while no `}` has come, before which lightningd does not look */
function readOne(rest: Buffer, length: number): Reading | undefined {
  if (!rest.includes(BRACE_CLOSE)) return undefined;
  const bytes = rest.subarray(0, length);
  if (!isUtf8(bytes)) return parseFault(rest);
  const message = new Token(bytes.toString("utf8").replace(/^[\s,]+/, ""));
  if (message.member("jsonrpc") === undefined) {
    return {
      kind: "fault",
      text: `JSON-RPC message does not contain "jsonrpc" field: '${quote(rest)}'`,
    };
  }
  return { kind: "message", message };
}

function parseFault(rest: Buffer): Reading {
  return { kind: "fault", text: `Failed to parse RPC JSON response '${quote(rest)}'` };
}

function quote(bytes: Buffer): string {
  return bytes.subarray(0, MAX_QUOTE).toString("utf8");
}
