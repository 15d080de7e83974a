/** The node of a watch: an existing one, or an embedded one that runs as long as the watch. */
import type { NodeOptions } from "../../../embedded/api.js";
import { realPathOf } from "../../../filesystem/try-read.js";
import type { NodeAddress, PluginSettings, Settings } from "../../../settings/types.js";

/** @param path the canonical path of a plugin on the embedded node */
function isSamePlugin(plugin: PluginSettings, path: string): boolean {
  return plugin.hot !== true && realPathOf(plugin.path) === path;
}

export interface OpenNode {
  readonly nodes: readonly NodeAddress[];
  readonly embedded: boolean;
  /** Resolves when the embedded node has ended; undefined for a real node. */
  readonly closed?: Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the node that the settings name, or starts an embedded one.
 * @param signal cancels the start of the node
 * @param onPluginStderr called with what a plugin on the embedded node writes to stderr
 * @param onTrouble called when something minor fails, such as writing the log
 * @param onPluginMessage called with every message between the embedded node and a plugin
 * @throws Failure if the embedded node cannot be started
 */
export async function openNode(
  settings: Settings,
  signal: AbortSignal,
  onPluginStderr: (name: string, chunk: Buffer) => void,
  onTrouble: (message: string) => void,
  onPluginMessage: NonNullable<NodeOptions["onPluginMessage"]>,
): Promise<OpenNode> {
  const { embedded, nodes } = settings;
  if (embedded === undefined) return { nodes, embedded: false, close: async () => {} };
  const { runEmbeddedNode } = await import("../../../embedded/node.js");
  const node = await runEmbeddedNode({
    ...(embedded.lightningDir === undefined ? {} : { lightningDir: embedded.lightningDir }),
    network: embedded.network,
    signal,
    onPluginStderr,
    onTrouble,
    onPluginMessage,
    runSettings: (path) => settings.plugins.find((one) => isSamePlugin(one, path))?.run,
  });
  const address: NodeAddress = {
    lightningDir: node.lightningDir,
    network: embedded.network,
    networkNamedBy: "command line",
    networkDir: node.networkDir,
    rpcFile: node.rpcFile,
    hints: [],
  };
  return { nodes: [address], embedded: true, closed: node.closed, close: () => node.close() };
}
