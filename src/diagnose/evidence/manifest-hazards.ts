/**
 * What can be seen of a plugin, before a node does, that would crash the node. A manifest is read from
 * its text, because parsing hides it.
 */

import { Token } from "../../jsonrpc/token.js";
import type { Handshake } from "../../plugin/handshake/handshake.js";

/** Names of the methods whose `usage` holds a `\u` escape. */
export function unicodeUsages(manifestText: string | undefined): string[] {
  return methodsOf(manifestText)
    .filter((method) => /(^|[^\\])(\\\\)*\\u/.test(method.member("usage")?.text ?? ""))
    .map(nameOf);
}

/** Names of the methods that the node has itself. @param builtins the node's own methods */
export function builtinClashes(
  manifestText: string | undefined,
  builtins: readonly string[],
): string[] {
  return methodsOf(manifestText)
    .map(nameOf)
    .filter((name) => builtins.includes(name));
}

/** Every release crashes at an option whose name is empty. */
export function hasEmptyOptionName(manifestText: string | undefined): boolean {
  if (manifestText === undefined) return false;
  const options = new Token(manifestText.trim()).member("options")?.elements ?? [];
  return options.some((option) => option.member("name")?.text === "");
}

/** lightningd's limit for one entry of its log (lightningd/log.c cap_header). */
const MAX_LOG_BYTES = 262_144;

/** The length in bytes of a logged message that is too long for v26.04 to v26.06.6, if there is one. */
export function giantLog(handshake: Handshake | undefined): number | undefined {
  return handshake?.logged.find(({ bytes }) => bytes > MAX_LOG_BYTES)?.bytes;
}

function methodsOf(manifestText: string | undefined): readonly Token[] {
  if (manifestText === undefined) return [];
  return new Token(manifestText.trim()).member("rpcmethods")?.elements ?? [];
}

function nameOf(method: Token): string {
  return method.member("name")?.text ?? "";
}
