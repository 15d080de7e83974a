/** Keeps a plugin that logs without end from filling the screen: errors stay visible. */

/** How many lines are shown within a second. */
const BURST = 20;
/** The same for levels that the user has asked for. */
const BURST_OF_DETAILS = 200;
/** A source with more lines than this in a second shows nothing in the next one. */
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
   * @param source a plugin on a node
   * @returns whether to show that many lines of it; otherwise they are counted
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

  /** How many lines of each source were dropped since the last call. */
  takeLeftOut(): [source: string, lines: number][] {
    const leftOut = [...this.#leftOut];
    this.#leftOut.clear();
    return leftOut;
  }
}
