/**
 * An option that has a value in the node's config, or from a setconfig, and that the new version
 * does not declare: releases from v23.08 to v26.06.6 then crash at a start with options. The code
 * shows cheaply whether that is possible; an offline run confirms it.
 */
import { isVersionBetween } from "../../node/version.js";
import type { PluginFile } from "../../plugin/file/plugin-file.js";
import { ownSources, readSource } from "./own-code.js";

/**
 * Finds options that the new code may no longer declare.
 * @param configured names of options that are set otherwise than by `plugin start`
 * @param hasOptions whether the start has options: only then the node walks those values
 * @param version the node's, as in `getinfo`
 */
export function mayDropOption(
  file: PluginFile,
  configured: readonly string[],
  hasOptions: boolean,
  version: string,
): boolean {
  if (configured.length === 0 || !hasOptions) return false;
  if (!isVersionBetween(version, "v23.08", "v26.06.6")) return false;
  const code = ownSources(file).map((path) => readSource(path) ?? "");
  // A compiled plugin whose sources are elsewhere.
  if (code.length === 0) return true;
  return configured.some((name) => !code.some((text) => text.includes(name)));
}
