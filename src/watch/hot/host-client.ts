/** A watch session's connection to the host of one plugin in hot mode. */
import { existsSync } from "node:fs";
import type { Socket } from "node:net";
import { dirname, join } from "node:path";
import { type HotCommand, type HotEvent, type HotOutcome, readEvent } from "../../hot/protocol.js";
import { LineSplitter } from "../../jsonrpc/line-splitter.js";
import { connectUnix } from "../../node/rpc/unix-socket.js";
import type { HotFolder } from "./front-files.js";

export type HostHello = Extract<HotEvent, { event: "hello" }>;

/** How long a host may take to greet before it counts as absent, in ms. */
const HELLO_MS = 2_000;

/** The longest line from the host, in characters: an event may contain a message of a plugin. */
const MAX_LINE = 2 ** 28;

/** The number of the last request, across all hosts. */
let numbers = 0;

export class HostClient {
  readonly hello: HostHello;
  readonly #socket: Socket;
  readonly #onEvent: (event: HotEvent) => void;
  readonly #waiting = new Map<string, (event: HotEvent | undefined) => void>();
  #closed = false;

  private constructor(hello: HostHello, socket: Socket, onEvent: (event: HotEvent) => void) {
    this.hello = hello;
    this.#socket = socket;
    this.#onEvent = onEvent;
  }

  /**
   * Connects to the host of a plugin, if it runs.
   * @param onEvent called with what the host reports besides its answers
   * @param onClosed called when the host has ended
   * @returns undefined if there is no host, or it does not answer
   */
  static connect(
    folder: HotFolder,
    onEvent: (event: HotEvent) => void,
    onClosed: () => void,
  ): Promise<HostClient | undefined> {
    return new Promise((resolve) => {
      let client: HostClient | undefined;
      let socket: Socket;
      try {
        socket = connectUnix(folder.control);
      } catch {
        return resolve(undefined);
      }
      const timer = setTimeout(() => socket.destroy(), HELLO_MS);
      const lines = new LineSplitter(MAX_LINE);
      socket.setEncoding("utf8");
      socket.on("error", () => {});
      socket.on("data", (chunk: string) => {
        for (const line of lines.push(chunk)) {
          const event = readEvent(line);
          if (event === undefined) continue;
          if (event.event === "hello") {
            clearTimeout(timer);
            client = new HostClient(event, socket, onEvent);
            resolve(client);
          } else client?.take(event);
        }
      });
      socket.on("close", () => {
        clearTimeout(timer);
        resolve(undefined);
        if (client?.hasClosed() === true) onClosed();
      });
    });
  }

  /**
   * Asks the host to try the file as it is now.
   * @param register whether to replace the front in any case
   * @returns undefined if the host ends first
   */
  async reload(register = false): Promise<HotOutcome | undefined> {
    const number = ++numbers;
    const event = await this.#ask("outcome", { cmd: "reload", number, register });
    return event?.event === "outcome" ? event : undefined;
  }

  /**
   * Asks the host for a moment in which the front can be replaced.
   * @returns how many calls are still pending, and the outcome of the version that joins
   */
  async makeWay(): Promise<{ pending: number; outcome: Promise<HotOutcome | undefined> }> {
    const number = ++numbers;
    const outcome = this.#await("outcome", number);
    const ready = await this.#ask("ready", { cmd: "make-way", number });
    return {
      pending: ready?.event === "ready" ? ready.pending : 0,
      outcome: outcome.then((event) => (event?.event === "outcome" ? event : undefined)),
    };
  }

  /** Gives up the waiting version: the next front shows the active one to the node. */
  async takeBack(): Promise<void> {
    await this.#ask("ready", { cmd: "take-back", number: ++numbers });
  }

  /** Traces messages, up to `maxBytes` of each; 0 turns the trace off. */
  trace(maxBytes: number): void {
    this.#send({ cmd: "trace", maxBytes });
  }

  /** Resolves when the host and its versions have ended, or after the limit. */
  ended(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#closed) return resolve();
      const timer = setTimeout(resolve, limitMs);
      this.#socket.once("close", () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  close(): void {
    this.#closed = true;
    this.#socket.destroy();
    for (const resolve of this.#waiting.values()) resolve(undefined);
    this.#waiting.clear();
  }

  /** Handles an event from the host. */
  take(event: HotEvent): void {
    const waiting =
      event.event === "outcome" || event.event === "ready"
        ? this.#waiting.get(`${event.event} ${event.number}`)
        : undefined;
    if (waiting) waiting(event);
    else this.#onEvent(event);
  }

  /** Called when the socket has closed. @returns whether the host closed it */
  hasClosed(): boolean {
    const wasOpen = !this.#closed;
    this.close();
    return wasOpen;
  }

  #ask(
    event: "outcome" | "ready",
    command: HotCommand & { readonly number: number },
  ): Promise<HotEvent | undefined> {
    const answer = this.#await(event, command.number);
    this.#send(command);
    return answer;
  }

  #await(event: string, number: number): Promise<HotEvent | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    const key = `${event} ${number}`;
    return new Promise((resolve) => {
      this.#waiting.set(key, (answer) => {
        this.#waiting.delete(key);
        resolve(answer);
      });
    });
  }

  #send(command: HotCommand): void {
    if (!this.#closed) this.#socket.write(`${JSON.stringify(command)}\n`);
  }
}

/** Returns the path of the host's program, wherever this file was bundled. */
export function hostProgram(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    for (const path of [join(folder, "hot-host.js"), join(folder, "dist", "hot-host.js")]) {
      if (existsSync(path)) return path;
    }
    if (folder === dirname(folder)) return join(folder, "hot-host.js");
  }
}
