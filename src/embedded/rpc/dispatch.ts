/**
 * Dispatches a request to its method: first lightningd's checks, in the same order, then the
 * `rpc_command` hook, then the method (lightningd/jsonrpc.c parse_request). Used by node.ts for
 * each request of each connection.
 */
import { INVALID_REQUEST } from "../../jsonrpc/message.js";
import type { Token } from "../../jsonrpc/token.js";
import { callRpcCommandHook } from "../hooks/rpc-command-hook.js";
import type { NodeContext } from "../node-context.js";
import { Command } from "./command.js";
import type { Connection } from "./connection.js";
import { readValue } from "./params.js";
import { parseFilter } from "./result-filter.js";
import { RpcFault } from "./rpc-fault.js";
import { methodExists, unknownMethod } from "./run-method.js";

/** Handles a request from a connection. Every request gets an answer. */
export function handleRequest(node: NodeContext, request: Token, connection: Connection): void {
  const id = request.member("id");
  if (id === undefined) connection.refuse("No id");
  else if (id.type === "object" || id.type === "array") {
    connection.refuse("Expected string/primitive for id");
  } else if (!request.member("jsonrpc")?.is("2.0")) {
    connection.refuse('jsonrpc: "2.0" must be specified in the request');
  } else {
    const command = new Command(id.raw, request, node.log, connection);
    connection.addCommand(command);
    command.finish(() => {
      prepare(node, command);
      node.log.io(connection.logSource, "in", command.id, Buffer.alloc(0));
      callRpcCommandHook(node, command);
      return undefined;
    });
  }
}

function prepare(node: NodeContext, command: Command): void {
  const [method, params] = [command.request.member("method"), command.request.member("params")];
  if (method === undefined) throw new RpcFault(INVALID_REQUEST, "No method");
  if (params === undefined) throw new RpcFault(INVALID_REQUEST, "No params");
  if (method.type !== "string") throw new RpcFault(INVALID_REQUEST, "Expected string for method");
  command.name = method.text;
  command.params = params;
  if (!methodExists(node, command.name)) throw unknownMethod(command.name);
  const filter = command.request.member("filter");
  if (filter !== undefined) command.filter = readValue(command, "filter", parseFilter, filter);
}
