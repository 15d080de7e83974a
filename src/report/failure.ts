/** How a failure is told: what, why, what to do. The same words for every command. */
import { Failure, messageOf } from "../failure.js";
import { RpcError } from "../node/errors.js";
import { harmless } from "./harmless.js";
import type { Paint } from "./style.js";

/** Lines for a person: `cln-dev: what: why`, then the next step. */
export function failureLines(error: unknown, paint: Paint): string[] {
  if (error instanceof RpcError) {
    return [`${paint.red("cln-dev:")} ${rpcErrorText(error)}`];
  }
  const head = `${paint.red("cln-dev:")} ${clean(messageOf(error))}`;
  if (!(error instanceof Failure) || error.fix === undefined) return [head];
  return [
    head,
    ...clean(error.fix)
      .split("\n")
      .map((line) => `  ${line}`),
  ];
}

/** One object for a program. */
export function failureJson(error: unknown): { readonly [key: string]: unknown } {
  if (error instanceof RpcError) {
    return { kind: "node-error", code: error.code, message: error.message, method: error.method };
  }
  if (!(error instanceof Failure)) return { kind: "unexpected", message: messageOf(error) };
  const { kind, what, why, fix, exitCode, message } = error;
  return { kind, message, what, why, fix, exitCode };
}

/** The node's own words, with its code. */
export function rpcErrorText(error: { readonly code: number; readonly message: string }): string {
  return `(${error.code}) ${clean(error.message)}`;
}

function clean(text: string): string {
  return harmless(text, { newlines: true });
}
