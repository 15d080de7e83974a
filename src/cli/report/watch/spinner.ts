/**
 * Shows that something takes its time, and how long it has taken. ora is loaded only when that time
 * has come: it costs more than most reloads do.
 */
import type { Ora } from "ora";

const SHOW_AFTER_MS = 150;
const TICK_MS = 100;

export class Spinner {
  readonly #stream: NodeJS.WriteStream;
  readonly #colored: boolean;
  #text: string | undefined;
  #since = 0;
  #timer: NodeJS.Timeout | undefined;
  #ora: Ora | undefined;

  /** @param colored ora looks at NO_COLOR in a way of its own, so it is told */
  constructor(stream: NodeJS.WriteStream, colored: boolean) {
    this.#stream = stream;
    this.#colored = colored;
  }

  /** Says what is going on; undefined: nothing any more. */
  show(text: string | undefined): void {
    if (text === undefined) {
      this.#hide();
      return;
    }
    if (this.#text === undefined) {
      this.#since = performance.now();
      this.#timer = setTimeout(() => void this.#begin(), SHOW_AFTER_MS);
    }
    this.#text = text;
    this.#tick();
  }

  /** Lets something be printed without being drawn over. */
  aside(print: () => void): void {
    this.#ora?.clear();
    print();
    this.#ora?.render();
  }

  #hide(): void {
    clearTimeout(this.#timer);
    this.#text = undefined;
    this.#timer = undefined;
    this.#ora?.stop();
    this.#ora = undefined;
  }

  async #begin(): Promise<void> {
    const { default: ora } = await import("ora");
    if (this.#text === undefined || this.#ora !== undefined) return;
    // Keys are ours: ora must leave stdin alone.
    this.#ora = ora({
      stream: this.#stream,
      text: this.#progress(this.#text),
      color: this.#colored ? "cyan" : false,
      discardStdin: false,
      hideCursor: true,
    }).start();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#tick();
  }

  #tick(): void {
    if (this.#ora === undefined || this.#text === undefined) return;
    this.#ora.text = this.#progress(this.#text);
  }

  #progress(text: string): string {
    return `${text} ${((performance.now() - this.#since) / 1000).toFixed(1)} s`;
  }
}
