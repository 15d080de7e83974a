/**
 * Reads the node's log ring by `getlog io` while the answer comes in. It may be 32 MB (a ring of
 * 16 MiB, data in hex; cln-contract 5.4): all but a few entries are passed over where they stand,
 * without being read as JSON or kept. Used by init-reply.ts.
 */
import { messageOf } from "../../errors/failure.js";
import { isObject, type JsonObject, parseJson } from "../../jsonrpc/json.js";
import { encodeRequest } from "../../jsonrpc/message.js";
import { callNode } from "../rpc/client.js";
import { connectUnix } from "../rpc/unix-socket.js";
import { connectionFailure, unreachable } from "../rpc/unreachable.js";

/** How each entry begins and what stands between two, as lightningd writes them (log_to_json). */
const ENTRY = Buffer.from('{"type":"');
const NEXT_ENTRY = Buffer.from(',{"type":"');
/** The answer's last bytes; what stands in its strings has no raw line end. */
const END = Buffer.from("\n\n");
/** Longer than an entry's members before its text, and than any mark. */
const HEAD_BYTES = 8 * 1024;
/** What is read at once. */
const PIECE_BYTES = 64 * 1024;
/** Longer than any entry: the node cuts text and data at 256 KiB each, and writes data in hex. */
const MAX_ENTRY_BYTES = 2 * 1024 * 1024;

export interface RingOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** How full the ring is, in bytes: the answer to `getlog io` is about twice as long. @throws RpcError, NodeUnreachable */
export async function ringBytes(rpcFile: string, options: RingOptions): Promise<number> {
  // No entry has this level, or few have it: a short answer, which the node keeps in the ring as well.
  const answer = await callNode(rpcFile, "getlog", { level: "broken" }, options);
  const used = isObject(answer) ? answer.bytes_used : undefined;
  return typeof used === "number" ? used : Number.POSITIVE_INFINITY;
}

/**
 * Gives the entries in which one of the marks stands, oldest first.
 * @param marks JSON text as it stands in the entry's members; not in its `data`
 * @throws NodeUnreachable the answer did not come to its end
 */
export function eachRingEntry(
  rpcFile: string,
  marks: readonly string[],
  onEntry: (entry: JsonObject) => void,
  { signal, timeoutMs }: RingOptions,
): Promise<void> {
  const finder = new EntryFinder(marks);
  return new Promise((resolve, reject) => {
    // Each read goes into the same memory: 32 MB of buffers would be garbage a moment later.
    const buffer = () => finder.room();
    const socket = connectUnix(rpcFile, { buffer, callback: (bytes) => take(bytes) });
    const finish = (error?: Error) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", cut);
      socket.destroy();
      if (error === undefined) resolve();
      else reject(error);
    };
    const cut = () => finish(unreachable("cut", rpcFile, "getlog was given up"));
    const timer = setTimeout(() => {
      finish(unreachable("silent", rpcFile, `no answer to getlog within ${timeoutMs / 1000} s`));
    }, timeoutMs);
    signal.addEventListener("abort", cut, { once: true });
    if (signal.aborted) return cut();
    socket.on("error", (error) => finish(connectionFailure(rpcFile, error)));
    socket.on("close", () => finish(unreachable("closed", rpcFile, "it closed the connection")));
    const take = (bytes: number) => {
      try {
        for (const entry of finder.take(bytes)) onEntry(entry);
        if (finder.ended) finish();
      } catch (error) {
        finish(unreachable("garbage", rpcFile, messageOf(error)));
      }
      return true;
    };
    socket.write(encodeRequest(`cln-dev:getlog#${process.pid}`, "getlog", { level: "io" }));
  });
}

/** Finds marked entries in the answer's bytes, wherever its pieces are cut. */
export class EntryFinder {
  readonly #marks: readonly Buffer[];
  /** What has not been done with stands at its beginning. */
  #memory = Buffer.allocUnsafeSlow(PIECE_BYTES * 2);
  #held = 0;
  /** The answer has come to its end. */
  ended = false;

  constructor(marks: readonly string[]) {
    this.#marks = marks.map((mark) => Buffer.from(mark));
  }

  /** Where the next bytes are to be put. */
  room(): Buffer {
    if (this.#memory.length - this.#held < PIECE_BYTES) {
      const larger = Buffer.allocUnsafeSlow(this.#memory.length * 2);
      this.#memory.copy(larger, 0, 0, this.#held);
      this.#memory = larger;
    }
    return this.#memory.subarray(this.#held);
  }

  /** So many bytes have been put there. @returns the marked entries that have come to their end */
  take(count: number): JsonObject[] {
    const bytes = this.#memory.subarray(0, this.#held + count);
    this.ended = bytes.subarray(-END.length).equals(END);
    const found: JsonObject[] = [];
    let from = 0;
    for (let hit = this.#next(bytes, from); hit >= 0; hit = this.#next(bytes, from)) {
      const start = bytes.lastIndexOf(ENTRY, hit);
      const next = bytes.indexOf(NEXT_ENTRY, hit);
      if (start < from) {
        // It stands in no entry.
        from = hit + 1;
        continue;
      }
      if (next < 0 && !this.ended) {
        this.#hold(bytes, start);
        return found;
      }
      const end = next < 0 ? bytes.lastIndexOf("]") : next;
      const entry = parseJson(bytes.toString("utf8", start, end));
      if (isObject(entry)) found.push(entry);
      from = end;
    }
    const last = bytes.lastIndexOf(ENTRY);
    const isHead = last >= from && bytes.length - last < HEAD_BYTES;
    this.#hold(bytes, isHead ? last : Math.max(from, bytes.length - ENTRY.length));
    return found;
  }

  /** What stands from there on is looked at again when more has come. */
  #hold(bytes: Buffer, from: number): void {
    this.#held = bytes.length - from;
    if (this.#held > MAX_ENTRY_BYTES) throw new Error("an entry of the log has no end");
    bytes.copyWithin(0, from);
  }

  /** Where the first mark stands from there on; -1 where none does. */
  #next(bytes: Buffer, from: number): number {
    const hits = this.#marks.map((mark) => bytes.indexOf(mark, from)).filter((at) => at >= 0);
    return hits.length === 0 ? -1 : Math.min(...hits);
  }
}
