/** A socket that answers as no node of ours does: on mainnet, with garbage, or not at all. */
import { mkdirSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import { atShortPath } from "../../src/node/rpc/unix-socket.js";

/** A request as it came. */
export interface FakeRequest {
  readonly id: unknown;
  readonly method: string;
  readonly params: unknown;
}

/** What it does with a request: a result to answer with, or anything by itself on the socket. */
export type Answers = {
  readonly [method: string]: unknown | ((socket: Socket, request: FakeRequest) => void);
};

export interface FakeNode {
  readonly rpcFile: string;
  /** The requests so far. */
  readonly requests: readonly FakeRequest[];
  close(): Promise<void>;
}

/** Listens on the path. A method that it has no answer for is answered with the error of lightningd. */
export async function fakeNode(rpcFile: string, answers: Answers): Promise<FakeNode> {
  mkdirSync(dirname(rpcFile), { recursive: true });
  const requests: FakeRequest[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    let text = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      let request: FakeRequest;
      try {
        request = JSON.parse(text);
      } catch {
        return;
      }
      text = "";
      requests.push(request);
      const answer = answers[request.method];
      if (typeof answer === "function") return void answer(socket, request);
      const error = { code: -32601, message: `Unknown command '${request.method}'` };
      const member = answer === undefined ? { error } : { result: answer };
      socket.write(`${JSON.stringify({ jsonrpc: "2.0", id: request.id, ...member })}\n\n`);
    });
  });
  await listen(server, rpcFile);
  return {
    rpcFile,
    requests,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    atShortPath(path, (short) => server.listen({ path: short }, resolve));
  });
}
