/** What the host itself answers when no version can, so that the node neither waits nor exits. */
import { PLUGIN_TERMINATED } from "../jsonrpc/message.js";
import { BACKEND_METHODS, HOOKS } from "../plugin/release.js";

/**
 * How a request may be answered when its version is gone. The node exits if its bitcoin backend or
 * `db_write` fails (lightningd/bitcoind.c, lightningd/plugin_hook.c): these wait for a version.
 */
export type Standing = "method" | "hook" | "must-not-fail";

/** What a failed call of this name would do: fail a method, upset a hook, or end the node. */
export function standingOf(method: string): Standing {
  if (method === "db_write" || BACKEND_METHODS.has(method)) return "must-not-fail";
  return HOOKS.has(method) ? "hook" : "method";
}

/**
 * Returns the host's own answer. Every hook takes `continue` as "as if there were no plugin"
 * (doc/developers-guide/hooks.md); an error would end the node (lightningd/plugin_hook.c).
 * @param id the raw id
 */
export function ownAnswer(id: string, method: string, reason: string): string {
  if (standingOf(method) !== "method") {
    return `{"jsonrpc":"2.0","id":${id},"result":{"result":"continue"}}`;
  }
  const error = JSON.stringify({ code: PLUGIN_TERMINATED, message: reason });
  return `{"jsonrpc":"2.0","id":${id},"error":${error}}`;
}
