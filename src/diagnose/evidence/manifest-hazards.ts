/**
 * What can be seen in the text of a manifest, before a node does, that would crash the node. Read
 * from the text, because parsing hides it.
 */
import { Token } from "../../jsonrpc/token.js";

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

function methodsOf(manifestText: string | undefined): readonly Token[] {
  if (manifestText === undefined) return [];
  return new Token(manifestText.trim()).member("rpcmethods")?.elements ?? [];
}

function nameOf(method: Token): string {
  return method.member("name")?.text ?? "";
}
