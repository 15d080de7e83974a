/**
 * One client of the socket (struct json_connection of lightningd/jsonrpc.c): its requests are read
 * in order; if a client does not read its answers, its requests are not read either.
 */
import type { Socket } from "node:net";
import { INVALID_REQUEST } from "../../jsonrpc/message.js";
import { MessageReader, type Reading } from "../../jsonrpc/message-reader.js";
import type { Token } from "../../jsonrpc/token.js";
import type { NodeLog } from "../log/node-log.js";
import type { Command, CommandOrigin } from "./command.js";

/** Longer requests are refused. */
const MAX_REQUEST_BYTES = 64 * 1024 * 1024;
/** So are those with deeper nesting. */
const MAX_REQUEST_DEPTH = 5000;
/** How much may wait to be sent before no more requests are read, in bytes. */
const MAX_UNSENT_BYTES = 1024 * 1024;
/** How much later answers may pile up before a client that does not read is dropped, in bytes. */
const MAX_BACKLOG_BYTES = 256 * 1024 * 1024;
/** How many requests of one client may be unanswered before no more are read. */
const MAX_PENDING = 10_000;

export class Connection implements CommandOrigin {
  notificationsEnabled = false;
  readonly logSource: string;
  readonly #reader = new MessageReader({
    maxBytes: MAX_REQUEST_BYTES,
    maxDepth: MAX_REQUEST_DEPTH,
  });
  readonly #commands = new Set<Command>();
  #unread: Reading[] = [];
  #dead = false;
  #reading = false;

  constructor(
    private readonly socket: Socket,
    number: number,
    private readonly log: NodeLog,
    private readonly onRequest: (request: Token, connection: Connection) => void,
  ) {
    this.logSource = `jsonrpc#${number}`;
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("drain", () => this.#readOn());
    // Half-closing cuts off what is still pending, as lightningd does.
    socket.on("end", () => {
      this.#closed();
      socket.end();
    });
    socket.on("error", () => {});
    socket.on("close", () => this.#closed());
  }

  addCommand(command: Command): void {
    this.#commands.add(command);
  }

  commandDone(command: Command): void {
    this.#commands.delete(command);
    if (this.#unread.length > 0 && !this.#reading) setImmediate(() => this.#readOn());
  }

  /** The answer to something that is not a request: its id is unknown. */
  refuse(message: string): void {
    const error = { code: INVALID_REQUEST, message };
    this.write(JSON.stringify({ jsonrpc: "2.0", id: null, error }));
  }

  /** Sends a whole message. @param isLogged whether it is logged as well */
  write(text: string, isLogged = true): void {
    const { socket, log } = this;
    if (!socket.writable) return;
    const bytes = Buffer.from(`${text}\n\n`);
    if (isLogged) log.io(this.logSource, "out", "", bytes);
    log.flush();
    socket.write(bytes);
    if (socket.writableLength <= MAX_BACKLOG_BYTES) return;
    log.add(this.logSource, "unusual", "Closing: its client does not read its answers");
    socket.destroy();
  }

  /** Closes when everything is sent. */
  end(): void {
    this.#dead = true;
    this.socket.end();
  }

  #take(chunk: Buffer): void {
    // After a fault lightningd leaves the connection open, but reads nothing from it any more.
    if (this.#dead) return;
    this.log.io(this.logSource, "in", "", chunk);
    this.#unread.push(...this.#reader.push(chunk));
    this.#readOn();
  }

  #readOn(): void {
    if (this.#reading) return;
    this.#reading = true;
    while (!this.#mustWait()) {
      const reading = this.#unread.shift();
      if (reading === undefined) break;
      if (reading.kind === "message") this.onRequest(reading.message.token, this);
      else if (reading.kind === "fault") {
        this.#dead = true;
        this.#unread = [];
        this.refuse(reading.nodeMessage);
      }
    }
    this.#reading = false;
    if (this.#unread.length > 0) this.socket.pause();
    else this.socket.resume();
  }

  #mustWait(): boolean {
    return this.socket.writableLength > MAX_UNSENT_BYTES || this.#commands.size >= MAX_PENDING;
  }

  #closed(): void {
    for (const command of this.#commands) command.detach();
    this.#commands.clear();
    this.#unread = [];
  }
}
