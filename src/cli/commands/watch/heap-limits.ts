/**
 * Keeps a long-lived process small. V8 lets the space for young objects grow from 1 to 16 MiB with
 * every hundred reloads, and collects what is left only when more is asked for, which an idle
 * process never does. Used by `cln-dev watch` and `cln-dev node`.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** After the last use. A collection takes some 5 ms: nobody waits for anything then. */
const QUIET_MS = 3_000;

/** Before anything else of the watch is loaded. */
export function staySmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
  // A watch waits for others: compiling it once more for speed costs 4 MiB and gains nothing.
  setFlagsFromString("--no-opt");
  // What V8 collects by itself later was collected here before, and takes 25 ms of an idle watch.
  setFlagsFromString("--no-memory-reducer-for-small-heaps");
  // Collections are rare: each may as well close the gaps, 2 MiB after a thousand reloads.
  setFlagsFromString("--compact-on-every-full-gc");
}

/** Collects what was left by the last things done. */
export class SmallMemory {
  readonly #collect: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor() {
    setFlagsFromString("--expose-gc");
    const collect: unknown = runInNewContext("gc");
    this.#collect = typeof collect === "function" ? () => void collect() : () => {};
  }

  /** Something was done: when nothing more comes for a while, what it left is collected. */
  used(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#collect, QUIET_MS);
    this.#timer.unref();
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}
