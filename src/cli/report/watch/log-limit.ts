/** Keeps a plugin that floods its log from filling the screen, so that errors stay in view. */

/** How many lines of a source are shown per second. */
const BURST = 20;
/** The same for the detailed levels, which the user has asked for. */
const BURST_OF_DETAILS = 200;
/** A source that logs more than this share of the burst is muted for the next second. */
const FLOOD_SHARE = 0.5;
const WINDOW_MS = 1000;

interface Window {
  readonly begun: number;
  lines: number;
  readonly floods: boolean;
}

export class LogLimit {
  readonly #windows = new Map<string, Window>();
  readonly #leftOut = new Map<string, number>();
  readonly #now: () => number;

  /** @param now ms on a monotonic clock */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Counts lines of a source against its limit.
   * @param source a plugin on a node
   * @returns whether to show the lines; if not, they are counted as dropped
   */
  allows(source: string, lines: number, isDetail: boolean): boolean {
    const burst = isDetail ? BURST_OF_DETAILS : BURST;
    const now = this.#now();
    let window = this.#windows.get(source);
    if (window === undefined || now - window.begun > WINDOW_MS) {
      const isNext = window !== undefined && now - window.begun < 2 * WINDOW_MS;
      const floods = isNext && (window?.lines ?? 0) > burst * FLOOD_SHARE;
      window = { begun: now, lines: 0, floods };
      this.#windows.set(source, window);
    }
    const shows = !window.floods && window.lines < burst;
    window.lines += lines;
    if (!shows) this.#leftOut.set(source, (this.#leftOut.get(source) ?? 0) + lines);
    return shows;
  }

  get isOver(): boolean {
    return this.#leftOut.size > 0;
  }

  /** Returns how many lines of each source were dropped since the last call. */
  takeLeftOut(): [source: string, lines: number][] {
    const leftOut = [...this.#leftOut];
    this.#leftOut.clear();
    return leftOut;
  }
}
