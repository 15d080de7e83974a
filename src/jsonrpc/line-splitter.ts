/** Cuts a stream of text into lines. Used for logs, stderr and the hot host's control socket. */

export class LineSplitter {
  readonly #maxLength: number;
  #rest = "";

  /** @param maxLength the longest unfinished line to keep, in characters */
  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  /** Takes a text and returns the lines it completes, without their ends. */
  push(text: string): readonly string[] {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    if (this.#rest.length > this.#maxLength) this.#rest = "";
    return lines;
  }

  /** Forgets the unfinished line. */
  reset(): void {
    this.#rest = "";
  }
}
