/** The control socket of a watch session, which `cln-dev restart` and `list` connect to. */
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { messageOf } from "../../errors/failure.js";
import { Framer } from "../../jsonrpc/framing.js";
import { isObject, type JsonObject, parseObject } from "../../jsonrpc/json.js";
import { INVALID_REQUEST, METHOD_NOT_FOUND } from "../../jsonrpc/message.js";
import { atShortPath, listenUnix } from "../../node/rpc/unix-socket.js";

/** The methods that answer requests, by name. The message of what one throws is sent back. */
export type ControlMethods = {
  readonly [method: string]: (params: JsonObject) => Promise<unknown> | unknown;
};

const MAX_REQUEST_BYTES = 64 * 1024;

export class ControlServer {
  readonly path: string;
  readonly #server: Server;
  readonly #connections = new Set<Socket>();

  private constructor(path: string, server: Server) {
    this.path = path;
    this.#server = server;
  }

  /**
   * Listens on `<folder>/<pid>-<random>.sock`, for this user only. Containers that share the folder
   * may have the same pids, hence the random part.
   */
  static async open(folder: string, methods: ControlMethods): Promise<ControlServer> {
    const path = join(folder, `${process.pid}-${randomBytes(3).toString("hex")}.sock`);
    const server = createServer();
    const control = new ControlServer(path, server);
    server.on("connection", (socket) => control.#serve(socket, methods));
    await listenUnix(server, path);
    return control;
  }

  async close(): Promise<void> {
    for (const socket of this.#connections) socket.destroy();
    // Closing unlinks the socket by the name it was bound to.
    await new Promise((resolve) => atShortPath(this.path, () => this.#server.close(resolve)));
    rmSync(this.path, { force: true });
  }

  #serve(socket: Socket, methods: ControlMethods): void {
    const framer = new Framer(MAX_REQUEST_BYTES);
    this.#connections.add(socket);
    socket.on("close", () => this.#connections.delete(socket));
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk) => {
      try {
        for (const frame of framer.push(chunk)) {
          const request = frame.kind === "object" ? parseObject(frame.bytes) : undefined;
          if (request === undefined) return void socket.destroy();
          void this.#answer(socket, request, methods);
        }
      } catch {
        socket.destroy();
      }
    });
  }

  async #answer(socket: Socket, request: JsonObject, methods: ControlMethods): Promise<void> {
    await endsAreSeen();
    // The caller may have given up while this process was stopped (by Ctrl-Z, for example).
    if (socket.readableEnded || socket.destroyed) return;
    const reply = await answer(request, methods);
    if (!socket.destroyed) socket.write(`${JSON.stringify(reply)}\n\n`);
  }
}

/**
 * Waits until the end of a connection would be seen: the event loop reads the last bytes in one
 * turn and the end in the next.
 */
async function endsAreSeen(): Promise<void> {
  for (let round = 0; round < 2; round++) await new Promise(setImmediate);
}

async function answer(request: JsonObject, methods: ControlMethods): Promise<JsonObject> {
  const reply = { jsonrpc: "2.0", id: request.id ?? null };
  const { method } = request;
  const error = (code: number, message: string) => ({ ...reply, error: { code, message } });
  if (typeof method !== "string") return error(INVALID_REQUEST, "No method");
  const call = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (call === undefined) return error(METHOD_NOT_FOUND, `Unknown command '${method}'`);
  try {
    return { ...reply, result: await call(isObject(request.params) ? request.params : {}) };
  } catch (thrown) {
    return error(-1, messageOf(thrown));
  }
}
