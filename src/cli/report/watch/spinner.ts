/**
 * Shows that something takes time, and how long it has taken. ora is loaded only then: loading it
 * takes longer than most reloads. Other output to stdout and stderr is safe: ora removes its line
 * before each write.
 */
import type { Ora } from "ora";

const SHOW_AFTER_MS = 150;
const TICK_MS = 100;
/** The width of what ora prints before the text. */
const FRAME_COLUMNS = 2;

export interface SpinnerStyle {
  /** Whether to use colour: ora reads NO_COLOR in its own way, so it is told. */
  readonly colored: boolean;
  /** Whether the terminal shows ASCII only. */
  readonly ascii: boolean;
}

export class Spinner {
  readonly #stream: NodeJS.WriteStream;
  readonly #style: SpinnerStyle;
  #text: string | undefined;
  #since = 0;
  #timer: NodeJS.Timeout | undefined;
  #ora: Ora | undefined;

  constructor(stream: NodeJS.WriteStream, style: SpinnerStyle) {
    this.#stream = stream;
    this.#style = style;
  }

  /** Shows what is under way, or hides the spinner if undefined. */
  show(text: string | undefined): void {
    if (text === undefined) {
      this.#hide();
      return;
    }
    if (this.#text === undefined) {
      this.#since = performance.now();
      this.#timer = setTimeout(() => void this.#begin(), SHOW_AFTER_MS);
      this.#timer.unref();
    }
    this.#text = text;
    this.#tick();
  }

  #hide(): void {
    clearTimeout(this.#timer);
    this.#text = undefined;
    this.#timer = undefined;
    this.#stop();
  }

  async #begin(): Promise<void> {
    const { default: ora } = await import("ora");
    if (this.#text === undefined || this.#ora !== undefined || !this.#fits()) return;
    // ora divides by the width: at 0 columns it would clear lines forever.
    this.#stream.on("resize", this.#onResize);
    // The keys are ours: ora must leave stdin alone.
    this.#ora = ora({
      stream: this.#stream,
      text: this.#progress(this.#text),
      color: this.#style.colored ? "magenta" : false,
      ...(this.#style.ascii ? { spinner: "line" } : {}),
      discardStdin: false,
      hideCursor: true,
    }).start();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#timer.unref();
  }

  #tick(): void {
    if (this.#ora === undefined || this.#text === undefined) return;
    this.#ora.text = this.#progress(this.#text);
  }

  readonly #onResize = (): void => {
    if (!this.#fits()) this.#stop();
  };

  #fits(): boolean {
    return (this.#stream.columns ?? 0) > FRAME_COLUMNS;
  }

  #stop(): void {
    this.#stream.off("resize", this.#onResize);
    this.#ora?.stop();
    this.#ora = undefined;
  }

  /** Returns the text and the elapsed time, cut to one line. */
  #progress(text: string): string {
    const all = `${text} ${((performance.now() - this.#since) / 1000).toFixed(1)} s`;
    return all.slice(0, this.#stream.columns - FRAME_COLUMNS - 1);
  }
}
