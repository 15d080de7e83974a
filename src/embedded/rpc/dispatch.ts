/**
 * From a request to the method that answers it: lightningd's checks in its order, then the
 * `rpc_command` hook, then a built-in method or a plugin's (lightningd/jsonrpc.c parse_request).
 * Used by node.ts for each request of each connection.
 */
import { INVALID_REQUEST, METHOD_NOT_FOUND, PLUGIN_TERMINATED } from "../../jsonrpc/message.js";
import type { Token } from "../../jsonrpc/token.js";
import { requestId } from "../../plugin/handshake/pending-requests.js";
import { callRpcCommandHook } from "../hooks/rpc-command-hook.js";
import type { NodeContext } from "../node-context.js";
import type { HostedPlugin } from "../plugins/hosted-plugin.js";
import { Command } from "./command.js";
import type { Connection } from "./connection.js";
import { isUsable } from "./deprecation.js";
import { isDeveloperMethod, isRealMethod } from "./known-methods.js";
import { readValue } from "./params.js";
import { ResultFilter } from "./result-filter.js";
import { RpcFault } from "./rpc-fault.js";

/** Takes a request off a connection and sees to its answer. */
export function handleRequest(node: NodeContext, request: Token, connection: Connection): void {
  const id = request.member("id");
  const malformed = describeMalformed(request, id);
  if (malformed !== undefined || id === undefined) {
    connection.refuse(malformed ?? "No id");
    return;
  }
  const command = new Command(id.raw, request, node.log, connection);
  connection.addCommand(command);
  try {
    prepare(node, command);
  } catch (error) {
    if (!(error instanceof RpcFault)) throw error;
    command.fail(error);
    return;
  }
  node.log.io(connection.logSource, "in", command.id, Buffer.alloc(0));
  callRpcCommandHook(node, command);
}

function describeMalformed(request: Token, id: Token | undefined): string | undefined {
  if (id === undefined) return "No id";
  if (id.type === "object" || id.type === "array") return "Expected string/primitive for id";
  return request.member("jsonrpc")?.is("2.0")
    ? undefined
    : 'jsonrpc: "2.0" must be specified in the request';
}

function prepare(node: NodeContext, command: Command): void {
  const { request } = command;
  const method = request.member("method");
  const params = request.member("params");
  if (method === undefined) throw new RpcFault(INVALID_REQUEST, "No method");
  if (params === undefined) throw new RpcFault(INVALID_REQUEST, "No params");
  if (method.type !== "string") throw new RpcFault(INVALID_REQUEST, "Expected string for method");
  command.name = method.text;
  command.params = params;
  if (!methodExists(node, command.name)) throw unknownMethod(command.name);
  const filter = request.member("filter");
  if (filter !== undefined) {
    command.filter = readValue(command, "filter", (token) => ResultFilter.parse(token), filter);
  }
  if (!isUsable(node, command, command.name)) {
    throw new RpcFault(METHOD_NOT_FOUND, `Command ${method.raw} is deprecated`);
  }
}

export function methodExists(node: NodeContext, name: string): boolean {
  return node.methods.has(name) || node.host.ownerOfMethod(name) !== undefined;
}

export function unknownMethod(name: string): RpcFault {
  return new RpcFault(METHOD_NOT_FOUND, describeUnknown(name));
}

function describeUnknown(name: string): string {
  if (isDeveloperMethod(name)) return `Command "${name}" is developer-only`;
  if (!isRealMethod(name)) return `Unknown command '${name}'`;
  return (
    `The embedded node does not do '${name}': it has no channels, payments or chain. ` +
    "Use a real lightningd for it"
  );
}

/** Runs a command whose method is known. */
export function execute(node: NodeContext, command: Command): void {
  const builtin = node.methods.get(command.name);
  if (builtin !== undefined) {
    command.run(builtin);
    return;
  }
  const plugin = node.host.ownerOfMethod(command.name);
  if (plugin === undefined) {
    command.fail(unknownMethod(command.name));
    return;
  }
  if (!command.wantsDeprecated) node.host.tellDeprecation(plugin, command, false);
  forward(plugin, command, command.name);
}

/** Hands a request on to a plugin as it stands, but for its id, and its answer back likewise. */
export function forward(plugin: HostedPlugin, command: Command, method: string): void {
  const id = requestId(method, command.id);
  plugin.request(id, `${command.request.withMember("id", id)}\n\n`, {
    onAnswer: (answer) => {
      if (answer !== undefined) command.respond(answer.withMember("id", command.id));
      else command.respond(terminated(command.id));
    },
    onNotify: (notification) => {
      if (command.wantsNotifications) command.notify(forwardedNotification(notification, command));
    },
  });
}

/** lightningd puts this answer into the plugin's mouth, with spaces that its own answers do not have. */
function terminated(id: string): string {
  const message = "Plugin terminated before replying to RPC call.";
  return `{"jsonrpc": "2.0","id": ${id},"error": {"code":${PLUGIN_TERMINATED}, "message":"${message}"}}`;
}

function forwardedNotification(notification: Token, command: Command): string {
  const method = notification.member("method")?.raw ?? '""';
  const params = notification.member("params")?.withMember("id", command.id) ?? "{}";
  return `{"jsonrpc":"2.0","method":${method},"params":${params}}`;
}
