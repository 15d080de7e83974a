/** The host's control socket: JSON lines to every connected session. */
import { rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { LineSplitter } from "../jsonrpc/line-splitter.js";
import { listenUnix } from "../node/rpc/unix-socket.js";
import { type HotCommand, type HotEvent, readCommand } from "./protocol.js";

/**
 * How much may wait for a slow session, in bytes; the rest is counted and dropped: the host waits
 * for no session.
 */
const MAX_UNSENT_BYTES = 1024 * 1024;
/**
 * How many messages are traced before the first session has asked for a trace or declined it, and
 * how many bytes of each.
 */
const MAX_EARLY = 200;
const EARLY_BYTES = 16 * 1024;
/** Lines longer than this are not commands. */
const MAX_LINE = 64 * 1024;

export class HotControl {
  readonly #path: string;
  readonly #server: Server;
  readonly #sessions = new Set<HotSession>();
  /** The trace for the first session: getmanifest and init pass before it connects. */
  #early: HotEvent[] | undefined = [];

  constructor(
    path: string,
    greeting: () => HotEvent,
    onCommand: (command: HotCommand, answer: (event: HotEvent) => void) => void,
  ) {
    this.#path = path;
    rmSync(path, { force: true });
    this.#server = createServer((socket) => {
      const session = new HotSession(socket, (command) => {
        if (command.cmd === "trace") this.#trace(session, command.maxBytes);
        else onCommand(command, (event) => session.send(event));
      });
      this.#sessions.add(session);
      socket.on("close", () => this.#sessions.delete(session));
      session.send(greeting());
    });
    // Without a socket no session finds the host, but the plugin runs all the same.
    listenUnix(this.#server, path).catch(() => {});
  }

  emit(event: HotEvent): void {
    if (event.event === "trace" && this.#early !== undefined && this.#early.length < MAX_EARLY)
      this.#early.push(event);
    for (const session of this.#sessions) session.send(event);
  }

  /** The most bytes of a message that any session wants to see; 0 if none wants the trace. */
  get traceBytes(): number {
    const wanted = [...this.#sessions].map((session) => session.traceBytes);
    return Math.max(this.#early === undefined ? 0 : EARLY_BYTES, ...wanted);
  }

  /** Whether a session is connected. */
  get isHeard(): boolean {
    return this.#sessions.size > 0;
  }

  close(): void {
    for (const session of this.#sessions) session.end();
    this.#server.close();
    rmSync(this.#path, { force: true });
  }

  #trace(session: HotSession, maxBytes: number): void {
    session.traceBytes = maxBytes;
    for (const event of this.#early ?? []) session.send(event);
    this.#early = undefined;
  }
}

class HotSession {
  traceBytes = 0;
  readonly #socket: Socket;
  #lost = 0;

  constructor(socket: Socket, onCommand: (command: HotCommand) => void) {
    this.#socket = socket;
    const lines = new LineSplitter(MAX_LINE);
    socket.setEncoding("utf8");
    socket.on("error", () => socket.destroy());
    socket.on("data", (text: string) => {
      for (const line of lines.push(text)) {
        const command = readCommand(line);
        if (command) onCommand(command);
      }
    });
  }

  send(event: HotEvent): void {
    if (event.event === "trace" && this.traceBytes === 0) return;
    // An outcome is never dropped: the session waits for it.
    const isWanted = event.event === "outcome" || event.event === "ready";
    if (!isWanted && this.#socket.writableLength > MAX_UNSENT_BYTES) {
      this.#lost++;
      return;
    }
    if (this.#lost > 0) {
      this.#write({ event: "lost", count: this.#lost });
      this.#lost = 0;
    }
    this.#write(event);
  }

  end(): void {
    this.#socket.end();
  }

  #write(event: HotEvent): void {
    if (!this.#socket.destroyed) this.#socket.write(`${JSON.stringify(event)}\n`);
  }
}
