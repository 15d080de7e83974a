/**
 * One client of the socket (struct json_connection of lightningd/jsonrpc.c). Its requests are read
 * in order, but not while it fails to read its answers.
 */
import type { Socket } from "node:net";
import { INVALID_REQUEST } from "../../jsonrpc/message.js";
import { MessageReader, type Reading } from "../../jsonrpc/message-reader.js";
import type { Token } from "../../jsonrpc/token.js";
import type { NodeLog } from "../log/node-log.js";
import type { Command, CommandOrigin } from "./command.js";

/** The longest request that is accepted, in bytes. */
const MAX_REQUEST_BYTES = 64 * 1024 * 1024;
/** The deepest nesting of a request that is accepted. */
const MAX_REQUEST_DEPTH = 5000;
/** How much unsent data stops the reading of requests, in bytes. */
const MAX_UNSENT_BYTES = 1024 * 1024;
/** How much unsent data gets a client that does not read dropped, in bytes. */
const MAX_BACKLOG_BYTES = 256 * 1024 * 1024;
/** How many unanswered requests of a client stop the reading of more. */
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
    // As in lightningd, a half-close by the client drops its pending requests.
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

  /** Answers something that is not a valid request, without an id. */
  refuse(message: string): void {
    const error = { code: INVALID_REQUEST, message };
    this.write(JSON.stringify({ jsonrpc: "2.0", id: null, error }));
  }

  /** Sends a whole message. @param isLogged whether to log it too */
  write(text: string, isLogged = true): void {
    const { socket, log } = this;
    if (!socket.writable) return;
    const bytes = Buffer.from(`${text}\n\n`);
    if (isLogged) log.io(this.logSource, "out", "", bytes);
    log.flush();
    socket.write(bytes);
    if (socket.writableLength <= MAX_BACKLOG_BYTES) return;
    log.add(this.logSource, "unusual", "Closing connection: the client is not reading its answers");
    socket.destroy();
  }

  /** Closes the connection once everything is sent. */
  end(): void {
    this.#dead = true;
    this.socket.end();
  }

  #take(chunk: Buffer): void {
    // After a fault, lightningd keeps the connection open but no longer reads from it.
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
