/**
 * `cln-dev-emit`: the method behind `cln-dev emit`, which raises notifications and hooks. Only the
 * embedded node has it. `help` hides it.
 */
import { RawJson } from "../../jsonrpc/json.js";
import type { Token } from "../../jsonrpc/token.js";
import { canRaise, listRaisable, raise } from "../emit/raise.js";
import type { NodeContext } from "../node-context.js";
import { optional, readParams, text } from "../rpc/params.js";
import { BadParam, invalidParams } from "../rpc/rpc-fault.js";
import type { BuiltinMethod } from "./builtin-method.js";

export const EMIT_METHOD = "cln-dev-emit";

export function emitMethod(node: NodeContext): BuiltinMethod {
  return {
    name: EMIT_METHOD,
    usage: "[topic] [payload] [changes] [only]",
    isHidden: true,
    run: (command) => {
      const { topic, payload, changes, only } = readParams(command, {
        topic: optional(text),
        payload: optional(object),
        changes: optional(object),
        only: optional(kind),
      });
      if (topic === undefined) return { topics: listRaisable(node) };
      if (!canRaise(node, topic)) throw invalidParams(`Unknown topic '${topic}'`);
      const options = {
        ...(payload === undefined ? {} : { payload: raw(payload) }),
        changes: new Map(changes?.members.map(({ key, value }) => [key, raw(value)])),
        ...(only === undefined ? {} : { only }),
      };
      raise(node, topic, options, (raised) => command.succeed(raised));
      return undefined;
    },
  };
}

function raw(token: Token): RawJson {
  return new RawJson(token.raw);
}

function object(token: Token): Token {
  if (token.type !== "object") throw new BadParam(token, "should be an object");
  return token;
}

function kind(token: Token): "hook" | "notification" {
  if (token.is("hook")) return "hook";
  if (token.is("notification")) return "notification";
  throw new BadParam(token, "should be 'hook' or 'notification'");
}
