/**
 * A reason and a next step, one sentence each, for anything that a node or a plugin may answer when
 * a reload goes wrong. The node's own code and message are always shown with it. All explanations
 * are in the tables of the *-rules.ts files and of node-crashes.ts.
 */
import { isObject, stringOf } from "../../jsonrpc/json.js";
import { NodeUnreachable, RpcError } from "../../node/rpc/errors.js";
import type { Handshake } from "../../plugin/handshake/handshake.js";
import { analyze } from "../offline-run.js";
import { EXIT_RULES } from "./exit-rules.js";
import {
  type ExplainContext,
  type Explanation,
  type Rule,
  type RuleContext,
  textOf,
} from "./explanation.js";
import { MANIFEST_RULES } from "./manifest-rules.js";
import { explainDeath } from "./node-crashes.js";
import { NODE_RULES } from "./node-rules.js";
import { OUTPUT_RULES } from "./output-rules.js";

/** The first matching rule is used; every answer has one of these lists. */
export const RULES: readonly Rule[] = [
  ...NODE_RULES,
  ...EXIT_RULES,
  ...OUTPUT_RULES,
  ...MANIFEST_RULES,
];

/**
 * Explains a failure.
 * @param error the node's answer, why it did not answer, or a failed offline handshake
 * @returns undefined if there is nothing to add to the error itself
 */
export function explain(
  error: RpcError | NodeUnreachable | Handshake,
  context: ExplainContext,
): Explanation | undefined {
  if (error instanceof NodeUnreachable) return explainUnreachable(error, context);
  if (error instanceof RpcError) return explainMessage(plainWords(error, context.path), context);
  const known = { ...context, offline: context.offline ?? analyze(error) };
  if (error.end.kind === "init-error") return explainInitError(error.end.error);
  return error.nodeMessage === undefined ? undefined : explainMessage(error.nodeMessage, known);
}

/** The message without the path that lightningd puts before it. */
function plainWords(error: RpcError, path: string): string {
  const prefix = `${path}: `;
  return error.message.startsWith(prefix) ? error.message.slice(prefix.length) : error.message;
}

/** The same for lightningd's message alone, such as that of a log line. */
export function explainMessage(message: string, context: ExplainContext): Explanation | undefined {
  for (const rule of RULES) {
    const match = rule.pattern.exec(message);
    if (match === null) continue;
    const groups = match.slice(1).map((group) => group ?? "");
    const facts = ruleContext(message, groups, context);
    if (rule.condition !== undefined && !rule.condition(facts)) continue;
    return { id: rule.id, reason: textOf(rule.reason, facts), fix: textOf(rule.fix, facts) };
  }
  return undefined;
}

function ruleContext(
  message: string,
  groups: readonly string[],
  context: ExplainContext,
): RuleContext {
  return { ...context, message, groups, language: context.file?.language ?? "other" };
}

function explainUnreachable(error: NodeUnreachable, context: ExplainContext): Explanation {
  if (error.reason === "closed") return explainDeath(ruleContext(error.message, [], context));
  return {
    id: error.kind,
    reason: error.why ?? error.what,
    fix: error.fix ?? "Check that the node is running",
  };
}

/** @param error the `error` member of the answer to `init`, from an offline handshake */
function explainInitError(error: unknown): Explanation {
  const message = isObject(error) ? (stringOf(error.message) ?? JSON.stringify(error)) : "";
  return {
    id: "init-error",
    reason: `it answered init with an error (${message}); ${INIT_ERROR.reason}`,
    fix: INIT_ERROR.fix,
  };
}

/** For places that show the error itself. */
export const INIT_ERROR: Explanation = {
  id: "init-error",
  reason:
    "lightningd ignores init errors, and lists the plugin as active although it is not set up",
  fix: 'Fix its init, or answer {"result": {"disable": "the reason"}} if it cannot run',
};
