/**
 * Finds out, a moment after a good reload, whether the plugin answered `init` with an error: the node
 * counts it as started and gives no outward sign. Only its log ring tells, and reading that costs the
 * node up to 100 ms and some of its log's history, so it is done while the ring is small, else now
 * and then, or where something looks wrong. One for each node of a session.
 */

import type { Started } from "../../diagnose/on-demand.js";
import type { Emit } from "../../events/watch-events.js";
import { type RingOptions, ringBytes } from "../../node/log/getlog-stream.js";
import type { Reloader } from "../reload/reloader.js";
import { startedOf, tellInitErrors } from "./init-errors.js";

/** Where something looks wrong. */
const SOON_MS = 500;
/** Else the next save comes first, and so does what the plugin is called for. */
const AFTER_MS = 3_000;
/** A ring up to this size is read whenever there is reason to; in bytes. */
const SMALL_RING = 2 * 1024 * 1024;
/** A larger one not more often than this, unless a plugin is suspect. */
const SELDOM_MS = 60_000;
const TIMEOUT_MS = 10_000;

export interface InitLookOptions {
  readonly rpcFile: string;
  /** The node is of this very process, which a large answer would make large. */
  readonly embedded: boolean;
  readonly emit: Emit;
  /** Whether the plugin has logged something that a failed init would be followed by. */
  readonly isSuspect: (reloader: Reloader) => boolean;
}

export class InitLook {
  readonly #options: InitLookOptions;
  readonly #due = new Map<Reloader, { readonly started: Started; readonly suspect: boolean }>();
  #timer: NodeJS.Timeout | undefined;
  #reading = new AbortController();
  #work: Promise<void> = Promise.resolve();
  /** performance.now() of the last reading. */
  #lookedAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(options: InitLookOptions) {
    this.#options = options;
  }

  /** A reload has gone well, and what follows it is done. @param suspect a call has failed */
  add(reloader: Reloader, suspect: boolean): void {
    const started = startedOf(reloader);
    if (started === undefined || this.#closed) return;
    this.#due.set(reloader, { started, suspect });
    this.#arm();
  }

  /** A newer reload has begun: it has the node to itself. */
  giveWay(): void {
    this.#reading.abort();
    if (this.#due.size > 0) this.#arm();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#reading.abort();
    await this.#work;
  }

  #arm(): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    const look = () => {
      this.#work = this.#work.then(() => this.#look());
    };
    this.#timer = setTimeout(() => {
      if (this.#isSuspect) look();
      else this.#timer = setTimeout(look, AFTER_MS - SOON_MS);
    }, SOON_MS);
  }

  get #isSuspect(): boolean {
    return [...this.#due].some(
      ([reloader, { suspect }]) => suspect || this.#options.isSuspect(reloader),
    );
  }

  async #look(): Promise<void> {
    for (const [reloader, { started }] of this.#due) {
      if (startedOf(reloader) !== started && !reloader.busy) this.#due.delete(reloader);
    }
    const due = [...this.#due.keys()];
    if (due.length === 0 || this.#closed) return;
    if (due.some(({ busy }) => busy)) return this.#arm();
    this.#reading = new AbortController();
    const options = { signal: this.#reading.signal, timeoutMs: TIMEOUT_MS };
    try {
      if (await this.#isWorthIt(options)) {
        this.#lookedAt = performance.now();
        await tellInitErrors(due, this.#options.emit, options);
      }
    } catch {
      // It has given way, and has its turn later; or the node is gone, which others tell.
      if (options.signal.aborted) return;
    }
    for (const reloader of due) this.#due.delete(reloader);
  }

  async #isWorthIt(options: RingOptions): Promise<boolean> {
    const { rpcFile, embedded } = this.#options;
    // There the answer is made in our own memory, at some 35 bytes for one of the ring.
    if (embedded) return (await ringBytes(rpcFile, options)) <= SMALL_RING;
    const isTime = performance.now() - this.#lookedAt > SELDOM_MS;
    return this.#isSuspect || isTime || (await ringBytes(rpcFile, options)) <= SMALL_RING;
  }
}
