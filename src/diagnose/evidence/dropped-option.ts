/**
 * An option that the node's config, or a setconfig, has a value for, and that the new version does not
 * declare: releases from v23.08 to v26.06.6 crash at a start with options then. Whether
 * that may be so is looked up in the code, which costs nothing; only an offline run makes sure.
 */
import { isVersionBetween } from "../../node/version.js";
import type { PluginFile } from "../../plugin/file/plugin-file.js";
import { ownSources, readSource } from "./own-code.js";

/**
 * @param configured names of options that are set otherwise than by `plugin start`
 * @param hasOptions whether the start brings options: only then the node walks those values
 * @param version the node's, as `getinfo` says it
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
