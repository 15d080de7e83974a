/**
 * What a plugin's manifest brings to the node: options, hooks, and the values that came with its
 * start (lightningd/plugin.c plugin_parse_getmanifest_response). Used by plugin-host.ts.
 */
import { RawJson } from "../../jsonrpc/json.js";
import type { Token } from "../../jsonrpc/token.js";
import type { LogLevel } from "../../node/log/log-level.js";
import { parseManifest } from "../../plugin/manifest/manifest.js";
import type { HookBook } from "../hooks/hook-chains.js";
import type { ConfigVars } from "../state/config-vars.js";
import type { HostedPlugin } from "./hosted-plugin.js";
import { addStartOptions } from "./start-options.js";

/** Why a plugin cannot stay. */
interface Refusal {
  readonly level: LogLevel;
  readonly reason: string;
}

/**
 * @param answer the plugin's whole answer
 * @returns undefined where all is well; what a refused plugin has brought goes when it ends
 */
export function takeManifest(
  plugin: HostedPlugin,
  answer: Token,
  { configs, hooks }: { readonly configs: ConfigVars; readonly hooks: HookBook },
  ownerOfMethod: (name: string) => string | undefined,
): Refusal | undefined {
  const result = answer.member("result");
  const parsed = parseManifest(new RawJson(result?.raw ?? "null"), {
    path: plugin.path,
    answer: answer.raw,
    hasOption: (name) => configs.option(name) !== undefined,
    ownerOfMethod,
  });
  if ("error" in parsed) return { level: "unusual", reason: parsed.error };
  const { manifest } = parsed;
  if (manifest.disable !== undefined) {
    plugin.important = false;
    return { level: "info", reason: `disabled itself: ${manifest.disable}` };
  }
  plugin.manifest = manifest;
  plugin.dynamic = manifest.dynamic;
  for (const option of manifest.options) configs.addOption({ ...option, plugin: plugin.path });
  hooks.register(plugin, manifest.hooks);
  const problem = addStartOptions(configs, manifest.options, plugin.startParams);
  return problem === undefined ? undefined : { level: "unusual", reason: problem };
}

/** lightningd answers in the place of a plugin that died, and then finds fault with that answer. */
export function logMissingManifest(plugin: HostedPlugin, id: string): void {
  const answer =
    `{"jsonrpc": "2.0","id": ${id},"error": {"code":-4, ` +
    '"message":"Plugin terminated before replying to RPC call."}}';
  plugin.log("unusual", `Killing plugin: Invalid/missing result tok in '${answer}'`);
}
