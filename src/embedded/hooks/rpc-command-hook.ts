/**
 * The `rpc_command` hook: a plugin may replace a request, or answer it itself (lightningd/jsonrpc.c
 * rpc_command_hook_*). Used by dispatch.ts for each request.
 */
import { INVALID_REQUEST } from "../../jsonrpc/message.js";
import { readNumber, type Token } from "../../jsonrpc/token.js";
import { DEVELOPER_METHODS } from "../../plugin/release.js";
import type { NodeContext } from "../node-context.js";
import type { Command } from "../rpc/command.js";
import { RpcFault } from "../rpc/rpc-fault.js";
import { methodExists, runMethod } from "../rpc/run-method.js";
import { callHook } from "./hook-chain.js";

/** Calls the `rpc_command` hook for a request, then runs what the plugins decided. */
export function callRpcCommandHook(node: NodeContext, command: Command): void {
  let carryOut: (() => void) | undefined;
  const done = () => (carryOut === undefined ? runMethod(node, command) : carryOut());
  callHook(node.host.plugins, node.log, {
    hook: "rpc_command",
    filterValue: command.name,
    callerId: command.id,
    params: `{"rpc_command":${command.request.raw}}`,
    onResult: (result) => {
      const next = readDecision(node, command, result);
      if (next === undefined) return true;
      if (carryOut === undefined) {
        carryOut = next;
        return true;
      }
      const note = `rpc_command hook '${command.name}' already modified, ignoring.`;
      node.log.add("lightningd", "unusual", note);
      done();
      return false;
    },
    onDone: done,
  });
}

/**
 * Reads a plugin's decision. An invalid answer is logged and has no effect.
 * @returns a function that carries out the decision; undefined if the request stays unchanged
 */
function readDecision(
  node: NodeContext,
  command: Command,
  result: Token,
): (() => void) | undefined {
  const bad = (why: string) => {
    node.log.add("lightningd", "broken", `Bad response to 'rpc_command' hook. ${why}`);
    return undefined;
  };
  const answer = (kind: "result" | "error", { raw }: Token) => {
    return () => command.respond(`{"jsonrpc":"2.0","id":${command.id},"${kind}":${raw}}`);
  };
  const word = result.member("result");
  if (word !== undefined) {
    return word.is("continue") ? undefined : bad("'result' should only be 'continue'.");
  }
  const replacement = result.member("replace");
  if (replacement !== undefined) return () => replaceRequest(node, command, replacement);
  const own = result.member("return");
  const [ownResult, error] = [own?.member("result"), own?.member("error")];
  if (ownResult !== undefined) return answer("result", ownResult);
  if (error === undefined) return bad("");
  // lightningd v26.06.6 crashes if either is missing; this is the message in its source.
  if (readNumber(error.member("code")?.text ?? "") === undefined) {
    return bad("'error' object does not contain a code.");
  }
  if (error.member("message") !== undefined) return answer("error", error);
  return bad("'error' object does not contain a message.");
}

function replaceRequest(node: NodeContext, command: Command, request: Token): void {
  const bad = describeBadReplacement(node, request);
  if (bad === undefined) {
    command.replaceRequest(request);
    runMethod(node, command);
    return;
  }
  const message = `Bad response to 'rpc_command' hook: ${bad} (${request.raw})`;
  command.fail(new RpcFault(INVALID_REQUEST, message));
}

function describeBadReplacement(node: NodeContext, request: Token): string | undefined {
  if (request.type !== "object") return "'replace' must be an object";
  const missing = ["method", "params", "id"].find((key) => request.member(key) === undefined);
  if (missing !== undefined) return `missing '${missing}'`;
  const name = request.member("method")?.text ?? "";
  if (DEVELOPER_METHODS.has(name)) return `redirected to developer-only command '${name}'`;
  if (!methodExists(node, name)) return `redirected to unknown method '${name}'`;
  const isJsonRpc = request.member("jsonrpc")?.is("2.0");
  return isJsonRpc ? undefined : 'jsonrpc: "2.0" must be specified in the request';
}
