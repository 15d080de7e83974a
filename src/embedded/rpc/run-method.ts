/** Runs the method of a command, which is built in or belongs to a plugin. */
import { METHOD_NOT_FOUND } from "../../jsonrpc/message.js";
import { requestId, terminatedAnswer } from "../../plugin/handshake/pending-requests.js";
import {
  BACKEND_METHODS,
  DEVELOPER_METHODS,
  NATIVE_METHODS,
  PLUGIN_METHODS,
} from "../../plugin/release.js";
import type { NodeContext } from "../node-context.js";
import type { HostedPlugin } from "../plugins/hosted-plugin.js";
import type { Command } from "./command.js";
import { RpcFault } from "./rpc-fault.js";

/** Whether this node or lightningd has the method. */
export function methodExists(node: NodeContext, name: string): boolean {
  return hasMethod(node, name) || lightningdHasMethod(name);
}

/** Whether lightningd has the method, except for developer methods. */
function lightningdHasMethod(name: string): boolean {
  if (DEVELOPER_METHODS.has(name)) return false;
  return NATIVE_METHODS.has(name) || PLUGIN_METHODS.has(name) || BACKEND_METHODS.has(name);
}

/** Whether this node has the method. */
export function hasMethod(node: NodeContext, name: string): boolean {
  return node.methods.has(name) || node.host.ownerOfMethod(name) !== undefined;
}

/** Returns the error for a method that this node does not have. */
export function unknownMethod(name: string): RpcFault {
  if (DEVELOPER_METHODS.has(name)) {
    return new RpcFault(METHOD_NOT_FOUND, `Command "${name}" is developer-only`);
  }
  return new RpcFault(
    METHOD_NOT_FOUND,
    lightningdHasMethod(name)
      ? `The embedded node does not support '${name}'. Use a real lightningd`
      : `Unknown command '${name}'`,
  );
}

/** Runs a command's method. Never throws: errors become the command's answer. */
export function runMethod(node: NodeContext, command: Command): void {
  const builtin = node.methods.get(command.name);
  const plugin = node.host.ownerOfMethod(command.name);
  if (builtin !== undefined) command.finish(() => builtin.run(command));
  else if (plugin !== undefined) forward(plugin, command, command.name);
  else command.fail(unknownMethod(command.name));
}

/** Forwards a request to a plugin, and the plugin's answer back. Only the id changes. */
export function forward(plugin: HostedPlugin, command: Command, method: string): void {
  const id = requestId(method, command.id);
  plugin.request(id, `${command.request.withMember("id", id)}\n\n`, {
    onAnswer: (answer) =>
      command.respond(answer?.withMember("id", command.id) ?? terminatedAnswer(command.id)),
    onNotify: (notification) => {
      if (!command.wantsNotifications) return;
      const name = notification.member("method")?.raw ?? '""';
      const params = notification.member("params")?.withMember("id", command.id) ?? "{}";
      command.notify(`{"jsonrpc":"2.0","method":${name},"params":${params}}`);
    },
  });
}
