/**
 * What can be seen in a plugin's manifest that would crash the node. The manifest is read from its
 * text, because parsing hides it.
 */
import { Token } from "../../jsonrpc/token.js";
import { isVersionBetween } from "../../node/version.js";
import type { Handshake } from "../../plugin/handshake/handshake.js";

/** Names of the methods whose `usage` holds a `\u` escape. */
export function unicodeUsages(manifestText: string | undefined): string[] {
  return methodsOf(manifestText)
    .filter((method) => /(^|[^\\])(\\\\)*\\u/.test(method.member("usage")?.text ?? ""))
    .map(nameOf);
}

/** Methods that releases other than that of release.ts have built in. */
const OTHER_RELEASES: readonly (readonly [
  first: string,
  last: string,
  names: readonly string[],
])[] = [
  ["v23.08", "v25.05.99", ["decodepay", "dev-gossip-set-time"]],
  [
    "v26.06.7",
    "v99.12",
    [
      "block_processed",
      "chaininfo",
      "getwatchmanheight",
      "revert_block_processed",
      "watch_found",
      "watch_revert",
    ],
  ],
];

/** The methods that a release of lightningd has built in, besides those of release.ts. */
export function moreNativeMethods(version: string | undefined): readonly string[] {
  if (version === undefined) return [];
  return OTHER_RELEASES.flatMap(([first, last, names]) =>
    isVersionBetween(version, first, last) ? names : [],
  );
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

/** Every release crashes at an option with an empty name. */
export function hasEmptyOptionName(manifestText: string | undefined): boolean {
  if (manifestText === undefined) return false;
  const options = new Token(manifestText.trim()).member("options")?.elements ?? [];
  return options.some((option) => option.member("name")?.text === "");
}

/** lightningd's limit for one entry of its log (lightningd/log.c cap_header). */
const MAX_LOG_BYTES = 262_144;

/**
 * The length in bytes of a logged message that is too long for v26.04 to v26.06.6, if there is one.
 */
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
