/** Keeps the beginning and the end of what a plugin wrote, which explain the most. */

const HEAD_BYTES = 16 * 1024;
const TAIL_BYTES = 48 * 1024;

export class BoundedOutput {
  #head = Buffer.alloc(0);
  #tail = Buffer.alloc(0);
  #leftOut = 0;

  add(chunk: Buffer): void {
    const room = HEAD_BYTES - this.#head.length;
    if (room > 0) this.#head = Buffer.concat([this.#head, chunk.subarray(0, room)]);
    const rest = chunk.subarray(Math.max(0, room));
    if (rest.length === 0) return;
    const tail = Buffer.concat([this.#tail, rest]);
    const cut = Math.max(0, tail.length - TAIL_BYTES);
    this.#leftOut += cut;
    this.#tail = Buffer.from(tail.subarray(cut));
  }

  /** The output as UTF-8. A line in the middle shows how much was left out. */
  get text(): string {
    if (this.#leftOut === 0) return Buffer.concat([this.#head, this.#tail]).toString("utf8");
    const gap = `\n[... ${this.#leftOut} bytes left out ...]\n`;
    return this.#head.toString("utf8") + gap + this.#tail.toString("utf8");
  }
}
