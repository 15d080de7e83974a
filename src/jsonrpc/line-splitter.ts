/** Cuts a stream of text into lines. Used for control sockets, logs and stderr. */

export class LineSplitter {
  readonly #maxLength: number;
  #rest = "";

  /** @param maxLength what has come of a line that is longer is given up, in characters */
  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  /** @returns the lines that have ended, without their ends */
  push(text: string): readonly string[] {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    if (this.#rest.length > this.#maxLength) this.#rest = "";
    return lines;
  }

  /** Forgets what has come of the next line. */
  reset(): void {
    this.#rest = "";
  }
}
