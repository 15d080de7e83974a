/**
 * The `rpc_command` hook: a plugin may replace a request or answer it itself (lightningd/jsonrpc.c
 * rpc_command_hook_*). Used by dispatch.ts for each request.
 */
import { INVALID_REQUEST } from "../../jsonrpc/message.js";
import { readNumber, type Token } from "../../jsonrpc/token.js";
import { DEVELOPER_METHODS } from "../../plugin/release.js";
import type { NodeContext } from "../node-context.js";
import type { Command } from "../rpc/command.js";
import { RpcFault } from "../rpc/rpc-fault.js";
import { methodExists, runMethod } from "../rpc/run-method.js";

type Decision =
  | { readonly kind: "continue" }
  | { readonly kind: "replace"; readonly request: Token }
  | { readonly kind: "result" | "error"; readonly raw: string };

export function callRpcCommandHook(node: NodeContext, command: Command): void {
  let decision: Decision = { kind: "continue" };
  node.hooks.call({
    hook: "rpc_command",
    filterValue: command.name,
    callerId: command.id,
    params: `{"rpc_command":${command.request.raw}}`,
    onResult: (_, result) => {
      const next = readDecision(node, result);
      if (next.kind === "continue") return true;
      if (decision.kind === "continue") {
        decision = next;
        return true;
      }
      node.log.add(
        "lightningd",
        "unusual",
        `rpc_command hook '${command.name}' already modified, ignoring.`,
      );
      carryOut(node, command, decision);
      return false;
    },
    onDone: () => carryOut(node, command, decision),
  });
}

/** What cannot be made sense of is logged, and the other plugins are asked. */
function readDecision(node: NodeContext, result: Token): Decision {
  const go: Decision = { kind: "continue" };
  const word = result.member("result");
  if (word !== undefined) {
    if (!word.is("continue")) logBad(node, "'result' should only be 'continue'.");
    return go;
  }
  const replace = result.member("replace");
  if (replace !== undefined) return { kind: "replace", request: replace };
  const own = result.member("return");
  const ownResult = own?.member("result");
  if (ownResult !== undefined) return { kind: "result", raw: ownResult.raw };
  const error = own?.member("error");
  const fault = error === undefined ? "" : faultOfError(error);
  if (error !== undefined && fault === undefined) return { kind: "error", raw: error.raw };
  logBad(node, fault ?? "");
  return go;
}

/** lightningd v26.06.6 crashes where either is missing; this is the message in its source. */
function faultOfError(error: Token): string | undefined {
  const code = error.member("code");
  if (code === undefined || readNumber(code.text) === undefined) {
    return "'error' object does not contain a code.";
  }
  return error.member("message") === undefined
    ? "'error' object does not contain a message."
    : undefined;
}

function logBad(node: NodeContext, why: string): void {
  node.log.add("lightningd", "broken", `Bad response to 'rpc_command' hook. ${why}`);
}

function carryOut(node: NodeContext, command: Command, decision: Decision): void {
  if (decision.kind === "continue") runMethod(node, command);
  else if (decision.kind === "replace") replaceRequest(node, command, decision.request);
  else command.respond(`{"jsonrpc":"2.0","id":${command.id},"${decision.kind}":${decision.raw}}`);
}

function replaceRequest(node: NodeContext, command: Command, request: Token): void {
  const bad = describeBadReplacement(node, request);
  if (bad !== undefined) {
    command.fail(
      new RpcFault(INVALID_REQUEST, `Bad response to 'rpc_command' hook: ${bad} (${request.raw})`),
    );
    return;
  }
  command.replaceRequest(request);
  runMethod(node, command);
}

function describeBadReplacement(node: NodeContext, request: Token): string | undefined {
  if (request.type !== "object") return "'replace' must be an object";
  const method = request.member("method");
  if (method === undefined) return "missing 'method'";
  if (request.member("params") === undefined) return "missing 'params'";
  if (request.member("id") === undefined) return "missing 'id'";
  if (DEVELOPER_METHODS.has(method.text)) {
    return `redirected to developer-only command '${method.text}'`;
  }
  if (!methodExists(node, method.text)) return `redirected to unknown method '${method.text}'`;
  if (!request.member("jsonrpc")?.is("2.0")) {
    return 'jsonrpc: "2.0" must be specified in the request';
  }
  return undefined;
}
