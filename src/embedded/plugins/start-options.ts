/**
 * The options of a `plugin start`, taken as lightningd takes them: by the text of their tokens, not
 * decoded; a flag by its mere presence (lightningd/plugin.c plugin_add_params, cln-contract 3.5).
 */
import type { TokenMember } from "../../jsonrpc/token.js";
import type { ManifestOption } from "../../plugin/manifest/manifest.js";
import { problemWithValue } from "../../plugin/manifest/options.js";
import { type ConfigVars, withoutTrailingBlanks } from "../state/config-vars.js";

/** @returns lightningd's error for the first that it does not take, if there is one */
export function addStartOptions(
  configs: ConfigVars,
  options: readonly ManifestOption[],
  params: readonly TokenMember[],
): string | undefined {
  for (const { keyText: key, value } of params) {
    const option = options.find(({ name }) => name === key);
    if (option === undefined) return `unknown parameter ${key}`;
    const isFlag = option.type === "flag";
    const source = { kind: "pluginstart" } as const;
    const problem = isFlag
      ? (problemWithValue(option, "") ?? configs.add(key, undefined, source))
      : configs.add(key, withoutTrailingBlanks(value.text), source);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
