/**
 * Asks a plugin, offline, how it declares its options. This is only needed for the few values that
 * would mean something else, or harm the node, if the type were guessed
 * (src/node/plugins/start-options.ts).
 */
import { realpathSync } from "node:fs";
import type { Target } from "../../../events/reload-target.js";
import type { OptionDeclaration } from "../../../node/plugins/start-options.js";
import type { PluginFile } from "../../../plugin/file/plugin-file.js";
import { runHandshake } from "../../../plugin/handshake/run-handshake.js";

const MANIFEST_TIMEOUT_MS = 10_000;

/**
 * Runs the plugin offline up to its manifest, and reads how it declares its options.
 * @returns undefined if there is no manifest: the start reports why
 */
export async function learnDeclarations(
  { node }: Target,
  file: PluginFile,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, OptionDeclaration> | undefined> {
  const { manifest } = await runHandshake(file, {
    networkDir: realpathSync(node.networkDir),
    rpcFile: node.rpcFile,
    network: node.network,
    until: "getmanifest",
    timeoutMs: MANIFEST_TIMEOUT_MS,
    signal,
  });
  if (manifest === undefined) return undefined;
  return new Map(manifest.options.map(({ name, type, multi }) => [name, { type, multi }]));
}
