/** The host's control socket: JSON lines to every session that is connected. */
import { rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { listenUnix } from "../node/rpc/unix-socket.js";
import { type HotCommand, type HotEvent, readCommand } from "./protocol.js";

/** What waits for a slow session; more is counted and dropped: the host waits for nobody. */
const MAX_UNSENT_BYTES = 1024 * 1024;
/** What is traced before a session has said whether it wants that: so many messages, so much of each. */
const MAX_EARLY = 200;
const EARLY_BYTES = 16 * 1024;
/** Longer lines than this are no commands. */
const MAX_LINE = 64 * 1024;

export interface HotControl {
  emit(event: HotEvent): void;
  /** To those alone that have asked for the trace, cut to as many bytes as they want. */
  readonly traceBytes: number;
  /** Some session is connected. */
  readonly isHeard: boolean;
  close(): void;
}

export function openHotControl(
  path: string,
  greeting: () => HotEvent,
  onCommand: (command: HotCommand, answer: (event: HotEvent) => void) => void,
): HotControl {
  const sessions = new Set<HotSession>();
  let early: HotEvent[] | undefined = [];
  rmSync(path, { force: true });
  const server: Server = createServer((socket) => {
    const session = new HotSession(socket, (command) =>
      command.cmd === "trace"
        ? trace(session, command.maxBytes)
        : onCommand(command, (event) => session.send(event)),
    );
    sessions.add(session);
    socket.on("close", () => sessions.delete(session));
    session.send(greeting());
  });
  /** The first session gets what has passed before it came: getmanifest and init. */
  const trace = (session: HotSession, maxBytes: number) => {
    session.traceBytes = maxBytes;
    for (const event of early ?? []) session.send(event);
    early = undefined;
  };
  // Without a socket no session finds the host; the plugin runs all the same.
  listenUnix(server, path).catch(() => {});
  return {
    emit: (event) => {
      if (event.event === "trace" && early !== undefined && early.length < MAX_EARLY)
        early.push(event);
      for (const session of sessions) session.send(event);
    },
    get traceBytes() {
      return Math.max(
        early === undefined ? 0 : EARLY_BYTES,
        ...[...sessions].map((session) => session.traceBytes),
      );
    },
    get isHeard() {
      return sessions.size > 0;
    },
    close: () => {
      for (const session of sessions) session.end();
      server.close();
      rmSync(path, { force: true });
    },
  };
}

class HotSession {
  traceBytes = 0;
  readonly #socket: Socket;
  #lost = 0;
  #line = "";

  constructor(socket: Socket, onCommand: (command: HotCommand) => void) {
    this.#socket = socket;
    socket.setEncoding("utf8");
    socket.on("error", () => socket.destroy());
    socket.on("data", (text: string) => {
      this.#line += text;
      const lines = this.#line.split("\n");
      this.#line = lines.pop() ?? "";
      if (this.#line.length > MAX_LINE) socket.destroy();
      for (const line of lines) {
        const command = readCommand(line);
        if (command) onCommand(command);
      }
    });
  }

  send(event: HotEvent): void {
    if (event.event === "trace" && this.traceBytes === 0) return;
    // An outcome is never dropped: somebody waits for it.
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
