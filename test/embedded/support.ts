/** What the tests of the embedded node share: nodes and plugins that are gone after the test. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import type { NodeOptions, RunningEmbeddedNode } from "../../src/embedded/api.js";
import { runEmbeddedNode } from "../../src/embedded/node.js";
import { callNode } from "../../src/node/rpc/client.js";
import { RpcError } from "../../src/node/rpc/errors.js";

const cleanups: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

export function onCleanup(cleanup: () => Promise<void> | void): void {
  cleanups.push(cleanup);
}

export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "cln-dev-test-"));
  onCleanup(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function startNode(options: NodeOptions = {}): Promise<RunningEmbeddedNode> {
  const node = await runEmbeddedNode({ lightningDir: makeFolder(), ...options });
  onCleanup(() => node.close());
  return node;
}

/** Writes an executable file. */
export function makeFile(path: string, text: string, mode = 0o755): string {
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

/**
 * Writes a plugin in JavaScript. `handlers` is the source of an object of functions by method; each
 * gets the params and the whole message, and gives the result; undefined is no answer. They may use
 * write, notify, log, init (the params of `init`) and seen (all notifications so far).
 */
export function makePlugin(
  folder: string,
  name: string,
  manifest: Record<string, unknown> = {},
  handlers = "{}",
  start = "",
): string {
  const whole = { dynamic: true, options: [], rpcmethods: [], ...manifest };
  return makeFile(
    join(folder, name),
    `#!${process.execPath}
const manifest = ${JSON.stringify(whole)};
const write = (message) =>
  process.stdout.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\\n\\n");
const notify = (method, params) => write({ method, params });
const log = (message, level = "info") => notify("log", { level, message });
const seen = [];
let init;
const handlers = {
  getmanifest: () => manifest,
  init: (params) => { init = params; return {}; },
  ...(${handlers}),
};
let buffer = "";
process.stdin.on("data", (chunk) => {
  buffer += chunk;
  for (let end = buffer.indexOf("\\n\\n"); end >= 0; end = buffer.indexOf("\\n\\n")) {
    const message = JSON.parse(buffer.slice(0, end));
    buffer = buffer.slice(end + 2);
    if (message.id === undefined) seen.push(message);
    const result = handlers[message.method]?.(message.params, message);
    if (message.id !== undefined && result !== undefined) write({ id: message.id, result });
  }
});
process.stdin.on("end", () => process.exit(0));
${start}
`,
  );
}

/** The method of an rpcmethod list. */
export function method(name: string, usage = ""): { name: string; usage: string } {
  return { name, usage };
}

/** Calls a method; a node's error is thrown as RpcError. */
export function call(
  node: RunningEmbeddedNode,
  name: string,
  params: readonly unknown[] | { readonly [key: string]: unknown } = [],
): Promise<unknown> {
  return callNode(node.rpcFile, name, params);
}

/** The error that a call ends with. */
export async function failureOf(
  promise: Promise<unknown>,
): Promise<{ code: number; message: string }> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof RpcError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("the call did not fail");
}

/** Waits until something holds, looking every few ms. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`still not so: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A bare connection, for what no proper client sends. */
export class RawClient {
  received = "";
  ended = false;
  readonly socket: Socket;

  constructor(path: string) {
    this.socket = connect(path);
    this.socket.on("data", (chunk: Buffer) => {
      this.received += chunk.toString("utf8");
    });
    this.socket.on("close", () => {
      this.ended = true;
    });
    this.socket.on("error", () => {});
    onCleanup(() => void this.socket.destroy());
  }

  send(text: string | Buffer): void {
    this.socket.write(text);
  }

  /** The answers so far, parsed. */
  get answers(): { id: unknown; result?: unknown; error?: { code: number; message: string } }[] {
    return this.received
      .split("\n\n")
      .filter((text) => text !== "")
      .map((text) => JSON.parse(text));
  }

  async answer(count = 1): Promise<ReturnType<() => RawClient["answers"][number]>> {
    await until(`answer ${count}`, () => this.received.split("\n\n").length > count);
    const answer = this.answers[count - 1];
    if (answer === undefined) throw new Error("no answer");
    return answer;
  }
}
