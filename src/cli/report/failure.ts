/** Formats a failure the same way for every command: what, why, what to do. */
import { Failure, limitFix, messageOf } from "../../errors/failure.js";
import { RpcError } from "../../node/rpc/errors.js";
import { indentJson } from "./json/indent-json.js";
import { sanitize } from "./sanitize.js";
import type { Paint } from "./style.js";

/** Formats a failure for the terminal: `cln-dev: what: why`, then the next step. */
export function failureLines(error: unknown, paint: Paint): string[] {
  if (error instanceof RpcError) {
    return [`${paint.red("cln-dev:")} ${rpcErrorText(error)}`, ...memberLines(error)];
  }
  const head = `${paint.red("cln-dev:")} ${clean(messageOf(error))}`;
  const fix = error instanceof Failure ? error.fix : limitFix(error);
  if (fix === undefined) return [head];
  return [
    head,
    ...clean(fix)
      .split("\n")
      .map((line) => `  ${line}`),
  ];
}

/** Returns a failure as one object, for programs. */
export function failureJson(error: unknown): { readonly [key: string]: unknown } {
  if (error instanceof RpcError) {
    const { code, message, method, data, more } = error;
    return { kind: "node-error", code, message, method, data, ...more };
  }
  if (!(error instanceof Failure)) {
    return { kind: "unexpected", message: messageOf(error), fix: limitFix(error) };
  }
  const { kind, what, why, fix, exitCode, message } = error;
  return { kind, message, what, why, fix, exitCode };
}

/**
 * Formats the other members of an error answer as lightning-cli does, but pyln-client's traceback
 * as plain lines.
 */
function memberLines({ data, more }: RpcError): string[] {
  const { traceback, ...others } = more;
  const members = Object.entries({ data, ...others }).filter(([, value]) => value !== undefined);
  const lines = members.map(([name, value]) => `${name}: ${indentJson(JSON.stringify(value))}`);
  if (typeof traceback === "string") lines.push(traceback.trimEnd());
  else if (traceback !== undefined) lines.push(`traceback: ${JSON.stringify(traceback)}`);
  return lines.flatMap((line) => clean(line).split("\n")).map((line) => `  ${line}`);
}

/** Formats the node's own message, with its code. */
export function rpcErrorText(error: { readonly code: number; readonly message: string }): string {
  return `(${error.code}) ${clean(error.message)}`;
}

function clean(text: string): string {
  return sanitize(text, { newlines: true });
}
