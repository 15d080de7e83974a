/**
 * Reads messages as lightningd reads them, from its socket and from a plugin's stdout alike
 * (common/jsonrpc_io.c): objects back to back; nothing is looked at until a `}` has come; one wrong
 * byte spoils all that has been received and not yet read. Used by connection.ts and hosted-plugin.ts.
 */
import { isUtf8 } from "node:buffer";
import { Token } from "../jsonrpc/token.js";
import { JsonScanner } from "./json-scanner.js";

/** What came: a whole message, or the fault after which lightningd reads no more. */
export type Reading =
  | { readonly kind: "message"; readonly message: Token; readonly bytes: Buffer }
  | { readonly kind: "fault"; readonly text: string };

const BRACE_CLOSE = 0x7d;

/** Longer faults are cut: lightningd quotes all that it has received. */
const MAX_QUOTE = 1024 * 1024;

export class MessageReader {
  #held: Buffer[] = [];
  #heldBytes = 0;
  #scanner = new JsonScanner();
  #spoiled = false;
  #deaf = false;
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
    this.#deaf = nul >= 0;
    const chunk = this.#deaf ? bytes.subarray(0, nul) : bytes;
    const ends = this.#spoiled ? [] : this.#scan(chunk);
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    if (this.#spoiled) return this.#faultOnceSeen();
    if (ends.length === 0) return this.#faultIfTooLong();
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

  #faultOnceSeen(): Reading[] {
    if (!this.#held.some((chunk) => chunk.includes(BRACE_CLOSE))) return this.#faultIfTooLong();
    return [parseFault(this.#takeHeld())];
  }

  #faultIfTooLong(): Reading[] {
    if (this.#heldBytes <= this.#maxBytes) return [];
    this.#spoiled = true;
    const start = this.#takeHeld().subarray(0, 200);
    const text = `More than ${this.#maxBytes} bytes without an end, beginning '${start}'`;
    return [{ kind: "fault", text }];
  }

  #hold(rest: Buffer): void {
    if (rest.length === 0) return;
    this.#held = [rest];
    this.#heldBytes = rest.length;
  }

  #takeHeld(): Buffer {
    const all =
      this.#held.length === 1 && this.#held[0] ? this.#held[0] : Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
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
  return { kind: "message", message, bytes };
}

function parseFault(rest: Buffer): Reading {
  return { kind: "fault", text: `Failed to parse RPC JSON response '${quote(rest)}'` };
}

function quote(bytes: Buffer): string {
  return bytes.subarray(0, MAX_QUOTE).toString("utf8");
}
