/**
 * `cln-dev-emit`: the method behind `cln-dev emit`, which raises notifications and hooks. Only the
 * embedded node has it; `help` does not show it.
 */
import { RawJson } from "../../jsonrpc/json.js";
import type { Token } from "../../jsonrpc/token.js";
import { canRaise, listRaisable, type Raised, raise } from "../emit/raise.js";
import type { NodeContext } from "../node-context.js";
import type { JsonRecord } from "../rpc/json-text.js";
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
      if (topic === undefined) {
        const topics = listRaisable(node).map((item) => ({ ...item }));
        return { topics };
      }
      if (!canRaise(node, topic)) throw invalidParams(`Unknown topic '${topic}'`);
      const options = {
        ...(payload === undefined ? {} : { payload: new RawJson(payload.raw) }),
        ...(changes === undefined ? {} : { changes: changesOf(changes) }),
        ...(only === undefined ? {} : { only }),
      };
      raise(node, topic, options, (raised) => command.succeed(shown(raised)));
      return undefined;
    },
  };
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

function changesOf(token: Token): ReadonlyMap<string, RawJson> {
  return new Map(token.members.map(({ key, value }) => [key, new RawJson(value.raw)]));
}

function shown({ topic, hook, notification }: Raised): JsonRecord {
  return {
    topic,
    hook: hook && { ...hook, answers: hook.answers.map((answer) => ({ ...answer })) },
    notification: notification && { ...notification },
  };
}
