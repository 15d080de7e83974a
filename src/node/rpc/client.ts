/**
 * Makes JSON-RPC calls to a node, each on its own connection as in lightning-cli, so that a slow
 * command cannot hold up the next one. A connection costs 0.3 ms.
 */
import type { Socket } from "node:net";
import { Failure, messageOf } from "../../errors/failure.js";
import { type Frame, Framer } from "../../jsonrpc/framing.js";
import { isObject, type JsonObject, parseObject } from "../../jsonrpc/json.js";
import { membersOf } from "../../jsonrpc/members.js";
import { encodeRequest, type Params } from "../../jsonrpc/message.js";
import { type NodeUnreachable, RpcError } from "./errors.js";
import { connectUnix } from "./unix-socket.js";
import { connectionFailure, nodeUnreachable } from "./unreachable.js";

export interface CallOptions {
  /** How long to wait for the whole answer, in ms. Default: 30000. */
  readonly timeoutMs?: number;
  /** Abandons the call. The node still finishes it. */
  readonly signal?: AbortSignal | undefined;
  /** Called for what the plugin sends while it handles the call: `message` and `progress`. */
  readonly onNotification?: (method: string, params: JsonObject) => void;
}

const DEFAULT_TIMEOUT_MS = 30_000;
/**
 * The longest answer to accept, in bytes: longer than any known one (`getlog io` of a full 16 MiB
 * ring, escaped).
 */
const MAX_ANSWER_BYTES = 512 * 1024 * 1024;

let calls = 0;
/** The part of an id that marks the call as ours. */
const OWN_CALL = `#${process.pid}.`;

/**
 * Calls a method and returns its result.
 * @throws RpcError if the node answers with an error
 * @throws NodeUnreachable if no answer arrives
 */
export async function callNode(
  rpcFile: string,
  method: string,
  params: Params = {},
  options: CallOptions = {},
): Promise<unknown> {
  return (await callOnce(rpcFile, method, params, options)).result;
}

/**
 * Like {@link callNode}, but returns the result's text as the node sent it, so that numbers beyond
 * 2^53 are not rounded.
 * @throws RpcError if the node answers with an error
 * @throws NodeUnreachable if no answer arrives
 */
export async function callNodeText(
  rpcFile: string,
  method: string,
  params: Params = {},
  options: CallOptions = {},
): Promise<string> {
  return resultText((await callOnce(rpcFile, method, params, options)).frame);
}

/**
 * Like {@link callNode}, but on an open or opening connection, which stays open. For polling: one
 * call at a time.
 * @throws RpcError if the node answers with an error
 * @throws NodeUnreachable if no answer arrives; the connection is then no longer usable
 */
export async function callOn(
  socket: Socket,
  rpcFile: string,
  method: string,
  params: Params = {},
  options: CallOptions = {},
): Promise<unknown> {
  return (await ask(socket, rpcFile, method, params, options)).result;
}

interface Answer {
  readonly result: unknown;
  readonly frame: Frame;
}

function callOnce(
  rpcFile: string,
  method: string,
  params: Params,
  options: CallOptions,
): Promise<Answer> {
  let socket: Socket;
  try {
    socket = connectUnix(rpcFile);
  } catch (error) {
    return Promise.reject(connectionFailure(rpcFile, error));
  }
  const { onNotification, ...rest } = options;
  const begun =
    onNotification === undefined
      ? Promise.resolve()
      : // A node without notifications answers with an error: go on without them.
        ask(socket, rpcFile, "notifications", { enable: true }, rest).catch(onlyNodeErrors);
  return begun
    .then(() => ask(socket, rpcFile, method, params, options))
    .finally(() => socket.destroy());
}

function onlyNodeErrors(error: unknown): void {
  if (!(error instanceof RpcError)) throw error;
}

function ask(
  socket: Socket,
  rpcFile: string,
  method: string,
  params: Params,
  { signal, timeoutMs = DEFAULT_TIMEOUT_MS, onNotification }: CallOptions,
): Promise<Answer> {
  const id = `cln-dev:${method}${OWN_CALL}${++calls}`;
  return new Promise((resolve, reject) => {
    const framer = new Framer(MAX_ANSWER_BYTES);
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", cut);
      socket.off("error", broken).off("end", ended).off("close", ended).off("data", take);
      settle();
    };
    const fail = (error: Error) => finish(() => reject(error));
    const cut = () => fail(nodeUnreachable("cut", rpcFile, `${method} was canceled`));
    const broken = (error: Error) => fail(connectionFailure(rpcFile, error));
    const ended = () =>
      fail(
        nodeUnreachable("closed", rpcFile, `it closed the connection before it answered ${method}`),
      );
    const timer = setTimeout(() => {
      fail(
        nodeUnreachable("silent", rpcFile, `no answer to ${method} within ${timeoutMs / 1000} s`),
      );
    }, timeoutMs);
    const take = (chunk: Buffer) => {
      try {
        for (const frame of framer.push(chunk)) {
          const answer = readFrame(frame, id, rpcFile, onNotification);
          if (answer === undefined) continue;
          const error = errorOf(method, answer);
          return error ? fail(error) : finish(() => resolve({ result: answer.result, frame }));
        }
        if (framer.pendingKind === "text") throw notJsonRpc(rpcFile, framer.flush());
      } catch (error) {
        const isOurs = error instanceof Failure;
        fail(isOurs ? error : nodeUnreachable("garbage", rpcFile, messageOf(error)));
      }
    };
    if (signal?.aborted) return cut();
    signal?.addEventListener("abort", cut, { once: true });
    socket.on("error", broken).on("end", ended).on("close", ended).on("data", take);
    socket.write(encodeRequest(id, method, params));
  });
}

/**
 * Reads the answer from a frame. Undefined for what may precede it: a notification or, on a kept
 * connection, a late or repeated answer to an earlier call of ours.
 * @throws Failure `answer-not-json` if a plugin's answer cannot be read
 * @throws NodeUnreachable `garbage` if it is not an answer, or answers a call that was not made
 *   here. A node answers only the caller (lightningd/jsonrpc.c), so whatever listens on the socket
 *   is not a node, or mixes up its clients. Waiting for more would never end.
 */
function readFrame(
  frame: Frame,
  id: string,
  rpcFile: string,
  onNotification: CallOptions["onNotification"],
): JsonObject | undefined {
  const message = frame.kind === "object" ? parseObject(frame.bytes) : undefined;
  if (message === undefined) throw notJson(frame, id) ?? notJsonRpc(rpcFile, frame.bytes);
  if (!("jsonrpc" in message)) throw notJsonRpc(rpcFile, frame.bytes);
  if (!("id" in message) && typeof message.method === "string") {
    onNotification?.(message.method, isObject(message.params) ? message.params : {});
    return undefined;
  }
  if (message.id === id && "result" in message) return message;
  // The id is null if the node could not read the request.
  if ((message.id === id || message.id === null) && "error" in message) return message;
  if (message.id === id || (message.id ?? null) === null) throw notJsonRpc(rpcFile, frame.bytes);
  if (typeof message.id === "string" && message.id.includes(OWN_CALL)) return undefined;
  const asked = JSON.stringify(message.id).slice(0, 60);
  throw nodeUnreachable("garbage", rpcFile, `it answered ${asked}, which was not asked here`);
}

/**
 * Returns the failure for an answer to this call that is not JSON. lightningd passes a plugin's
 * answer on without decoding it (lightningd/plugin.c), so the result can be broken in an otherwise
 * valid message.
 * @returns undefined if it does not answer this call
 */
function notJson({ kind, bytes }: Frame, id: string): Failure | undefined {
  const members = kind === "object" ? membersOf(bytes.toString("utf8")) : undefined;
  const rawOf = (name: string) => members?.find(({ key }) => key === name)?.raw;
  if (rawOf("jsonrpc") === undefined || rawOf("id") !== JSON.stringify(id)) return undefined;
  const answer = rawOf("result") ?? rawOf("error") ?? "";
  const sample = answer.length > MAX_SAMPLE ? `${answer.slice(0, MAX_SAMPLE)}...` : answer;
  return new Failure({
    kind: "answer-not-json",
    what: "the answer is not JSON",
    why: `the plugin wrote ${sample}, and the node passes it on unchanged`,
    fix: "Write the answer with a JSON library: json.dumps, JSON.stringify",
    exitCode: 1,
  });
}

const MAX_SAMPLE = 200;

function notJsonRpc(rpcFile: string, bytes: Buffer = Buffer.alloc(0)): NodeUnreachable {
  const sample = JSON.stringify(bytes.subarray(0, 60).toString("utf8"));
  return nodeUnreachable("garbage", rpcFile, `it answered ${sample}, which is not JSON-RPC`);
}

function errorOf(method: string, answer: JsonObject): RpcError | undefined {
  const error = answer.error;
  if (error === undefined || error === null) return undefined;
  if (!isObject(error)) return new RpcError(method, 0, JSON.stringify(error));
  const { code, message, data, ...more } = error;
  const text = typeof message === "string" ? message : JSON.stringify(message ?? error);
  return new RpcError(method, typeof code === "number" ? code : 0, text, data, more);
}

function resultText(frame: Frame): string {
  const members = membersOf(frame.bytes.toString("utf8")) ?? [];
  return members.find((member) => member.key === "result")?.raw ?? "null";
}
