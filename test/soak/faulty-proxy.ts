/** A node's socket with faults: between the watch and the node, one chance a connection. */
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Random } from "./part.js";

const FAULTS = [
  "none",
  "delayed",
  "cut in the middle",
  "byte by byte",
  "late",
  "twice",
  "another before",
  "another instead",
  "garbage before",
  "garbage instead",
  "closed at once",
  "closed before the answer",
] as const;
const GARBAGE = [
  "\u0000\u0001\u0002\n",
  "}}}}\n\n",
  "HTTP/1.1 400 Bad Request\r\n\r\n",
  '{"jsonrpc":"2.0","id":null}\n\n',
  `${"[".repeat(2_000)}\n`,
] as const;
/** An answer that nobody has asked for, before the real one or followed by silence. */
const ANOTHER = '{"jsonrpc":"2.0","id":"another","result":{}}\n\n';
/** Of the connections: a reload makes five, and faults must come in the last of them, too. */
const SHARE = 0.4;
const DELAY_MS = 50;
const LATE_MS = 400;

export class FaultyProxy {
  readonly path: string;
  faulty = false;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(path: string, server: Server) {
    this.path = path;
    this.#server = server;
  }

  static async open(path: string, target: string, random: Random): Promise<FaultyProxy> {
    const server = createServer({ allowHalfOpen: true });
    const proxy = new FaultyProxy(path, server);
    server.on("connection", (client) => {
      const fault = proxy.faulty && random.next() < SHARE ? random.pick(FAULTS) : "none";
      proxy.#join(client, connect(target), fault, random);
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    return proxy;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket, node: Socket, fault: (typeof FAULTS)[number], random: Random): void {
    for (const [socket, other] of [
      [client, node],
      [node, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.end();
        if (socket === client) other.destroy();
      });
    }
    if (fault === "closed at once") {
      client.destroy();
      node.destroy();
      return;
    }
    client.on("data", (chunk) => void (node.writable && node.write(chunk)));
    node.on("data", (chunk) => {
      void this.#answer(client, chunk, fault, random);
    });
    node.on("end", () => client.end());
  }

  async #answer(
    client: Socket,
    chunk: Buffer,
    fault: (typeof FAULTS)[number],
    random: Random,
  ): Promise<void> {
    const write = (bytes: Buffer | string) => void (client.writable && client.write(bytes));
    switch (fault) {
      case "delayed":
        await wait(random.below(DELAY_MS));
        return write(chunk);
      case "late":
        await wait(LATE_MS);
        return write(chunk);
      case "cut in the middle":
        write(chunk.subarray(0, random.below(chunk.length)));
        return void client.end();
      case "byte by byte":
        for (const byte of chunk) {
          write(Buffer.from([byte]));
          await new Promise((resolve) => setImmediate(resolve));
        }
        return;
      case "another before":
        write(ANOTHER);
        return write(chunk);
      case "another instead":
        return write(ANOTHER);
      case "twice":
        write(chunk);
        return write(chunk);
      case "garbage before":
        write(random.pick(GARBAGE));
        return write(chunk);
      case "garbage instead":
        return write(random.pick(GARBAGE));
      case "closed before the answer":
        return void client.end();
      default:
        return write(chunk);
    }
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
