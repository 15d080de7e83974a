/** Cuts a stream of text into lines. Used for control sockets, logs and stderr. */

export class LineSplitter {
  readonly #maxLength: number;
  #rest = "";

  /** @param maxLength a longer unfinished line is dropped, in characters */
  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  /** @returns the lines that are complete, without their ends */
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
