/**
 * A bare connection to a node's socket: sends any bytes, and keeps what comes back. What a proper
 * client would never send, and what it would never notice, goes through here.
 */
import { connect, type Socket } from "node:net";
import { type Frame, Framer } from "../../../src/jsonrpc/framing.js";
import { until } from "./until.js";

export class RawClient {
  /** All that has come. */
  text = "";
  /** The node has closed. */
  ended = false;
  readonly #socket: Socket;
  readonly #framer = new Framer();
  readonly #frames: Frame[] = [];

  constructor(path: string) {
    this.#socket = connect({ path, allowHalfOpen: true });
    this.#socket.on("data", (chunk: Buffer) => {
      this.text += chunk.toString("utf8");
      this.#frames.push(...this.#framer.push(chunk));
    });
    this.#socket.on("end", () => {
      this.ended = true;
    });
    this.#socket.on("error", () => {
      this.ended = true;
    });
  }

  send(bytes: string | Buffer): void {
    this.#socket.write(bytes);
  }

  /** Closes our side only. */
  halfClose(): void {
    this.#socket.end();
  }

  close(): void {
    this.#socket.destroy();
  }

  /** How many whole messages have come. */
  get count(): number {
    return this.#frames.length;
  }

  /** Waits for that many messages and gives the text of each. */
  async messages(count: number, deadlineMs?: number): Promise<string[]> {
    await until(
      `${count} messages (there are ${this.count})`,
      () => this.count >= count || this.ended,
      deadlineMs,
    );
    if (this.count < count) {
      throw new Error(`the node closed after ${this.count} of ${count} messages: ${this.text}`);
    }
    return this.#frames.slice(0, count).map(({ bytes }) => bytes.toString("utf8"));
  }

  /** Waits until the node has closed. */
  async end(): Promise<void> {
    await until("the node closes the connection", () => this.ended);
  }
}
