/** Makes the same what differs from one run to the next, in any text that a node gives. */
import type { RunningNode } from "../nodes/node-kind.js";

/**
 * `<folder>` the scenario's own, `<network-dir>`, `<lightning-dir>`, `<own-plugins>` if the node's
 * own plugins are, `<version>`, and `#N` for the counter in lightningd's ids.
 */
export function normaliser(node: RunningNode, folder: string): (text: string) => string {
  const names: [string, string][] = [
    [folder, "<folder>"],
    ...node.ownPluginFolders.map((path): [string, string] => [path, "<own-plugins>"]),
    [node.networkDir, "<network-dir>"],
    [node.lightningDir, "<lightning-dir>"],
  ];
  return (text) => {
    let same = text;
    for (const [path, name] of names) same = same.replaceAll(path, name);
    return same
      .replaceAll(node.version, "<version>")
      .replace(/(cln:[\w-]+)#\d+/g, "$1#N")
      .replace(/jsonrpc#\d+/g, "jsonrpc#N")
      .replace(/started\(\d+\)/g, "started(PID)");
  };
}
