/** The node that `watch` works on: the user's own, or an embedded one for as long as it runs. */
import type { NodeAddress, Settings } from "../settings/types.js";

export interface OpenNode {
  readonly nodes: readonly NodeAddress[];
  readonly embedded: boolean;
  close(): Promise<void>;
}

/**
 * @param onPluginStderr what a plugin on the embedded node writes to stderr
 * @throws Failure: the embedded node cannot be started
 */
export async function openNode(
  settings: Settings,
  onPluginStderr: (name: string, chunk: Buffer) => void,
): Promise<OpenNode> {
  const { embedded, nodes } = settings;
  if (embedded === undefined) return { nodes, embedded: false, close: async () => {} };
  const { startEmbeddedNode } = await import("../embedded/node.js");
  const node = await startEmbeddedNode({
    ...(embedded.lightningDir === undefined ? {} : { lightningDir: embedded.lightningDir }),
    network: embedded.network,
    onPluginStderr,
  });
  const address: NodeAddress = {
    lightningDir: node.lightningDir,
    network: embedded.network,
    networkNamedBy: "command line",
    networkDir: node.networkDir,
    rpcFile: node.rpcFile,
    hints: [],
  };
  return { nodes: [address], embedded: true, close: () => node.close() };
}
