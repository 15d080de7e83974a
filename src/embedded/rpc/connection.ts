/**
 * One client of the socket (struct json_connection of lightningd/jsonrpc.c): its requests are read
 * in order; answers leave in the order in which they were begun; while one is being written nothing
 * more is read, so a client that does not read cannot make the node gather answers for it.
 */
import type { Socket } from "node:net";
import { INVALID_REQUEST } from "../../jsonrpc/message.js";
import { MessageReader, type Reading } from "../../jsonrpc/message-reader.js";
import type { Token } from "../../jsonrpc/token.js";
import type { NodeLog } from "../log/node-log.js";
import type { AnswerStream, Command, CommandOrigin } from "./command.js";

/** Longer requests are refused. */
const MAX_REQUEST_BYTES = 64 * 1024 * 1024;
/** So are those that are nested deeper. */
const MAX_REQUEST_DEPTH = 5000;
/** What may wait to be sent before no more requests are read, in bytes. */
const MAX_UNSENT_BYTES = 1024 * 1024;
/** What answers that come later may pile up before a client that does not read is dropped, in bytes. */
const MAX_BACKLOG_BYTES = 256 * 1024 * 1024;
/** Requests of one client that may be unanswered before no more are read. */
const MAX_PENDING = 10_000;

class QueuedStream implements AnswerStream {
  text = "";
  closed = false;
  /** Whether what is written goes into the log as well. */
  logged = true;

  constructor(private readonly onChange: () => void) {}

  write(text: string, logged = true): void {
    this.logged = logged;
    this.text += text;
    this.onChange();
  }

  close(): void {
    this.closed = true;
    this.onChange();
  }
}

export class Connection implements CommandOrigin {
  notificationsEnabled = false;
  readonly logSource: string;
  readonly #reader = new MessageReader({
    maxBytes: MAX_REQUEST_BYTES,
    maxDepth: MAX_REQUEST_DEPTH,
  });
  readonly #commands = new Set<Command>();
  #streams: QueuedStream[] = [];
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

  openStream(): AnswerStream {
    const stream = new QueuedStream(() => this.#send());
    this.#streams.push(stream);
    return stream;
  }

  /** The answer to something that is no request: nobody knows its id. */
  refuse(message: string): void {
    const error = { code: INVALID_REQUEST, message };
    const stream = this.openStream();
    stream.write(`${JSON.stringify({ jsonrpc: "2.0", id: null, error })}\n\n`);
    stream.close();
  }

  /** Sends a last text and closes. */
  end(text = ""): void {
    this.#dead = true;
    this.socket.end(text);
  }

  destroy(): void {
    this.socket.destroy();
  }

  #take(chunk: Buffer): void {
    // After a fault lightningd leaves the connection open, and reads nothing from it any more.
    if (this.#dead) return;
    this.log.io(this.logSource, "in", "", chunk);
    this.#unread.push(...this.#reader.push(chunk));
    this.#readOn();
  }

  #readOn(): void {
    if (this.#reading) return;
    this.#reading = true;
    while (this.#unread.length > 0 && !this.#mustWait()) {
      const reading = this.#unread.shift();
      if (reading === undefined) break;
      if (reading.kind === "message") {
        this.onRequest(reading.message.token, this);
      } else if (reading.kind === "fault") {
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
    const isStreaming = this.#streams.length > 0;
    return (
      isStreaming ||
      this.socket.writableLength > MAX_UNSENT_BYTES ||
      this.#commands.size >= MAX_PENDING
    );
  }

  /** Writes what the first stream has; the next one's turn comes when it is closed. */
  #send(): void {
    for (let first = this.#streams[0]; first !== undefined; first = this.#streams[0]) {
      if (first.text !== "") {
        const bytes = Buffer.from(first.text);
        first.text = "";
        if (first.logged) this.log.io(this.logSource, "out", "", bytes);
        this.#write(bytes);
      }
      if (!first.closed) return;
      this.#streams.shift();
    }
    if (this.#unread.length > 0 && !this.#reading) setImmediate(() => this.#readOn());
  }

  #write(bytes: Buffer): void {
    if (this.socket.destroyed || !this.socket.writable) return;
    this.log.flush();
    this.socket.write(bytes);
    if (this.socket.writableLength <= MAX_BACKLOG_BYTES) return;
    this.log.add(this.logSource, "unusual", "Closing: its client does not read its answers");
    this.socket.destroy();
  }

  #closed(): void {
    for (const command of this.#commands) command.detach();
    this.#commands.clear();
    this.#unread = [];
  }
}
