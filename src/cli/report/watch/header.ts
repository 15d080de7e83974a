/** The first thing that a watch shows: which node, which plugin, which files. */
import type { Watching } from "../../../events/watch-events.js";
import { harmless } from "../sanitize.js";
import type { Wording } from "./line-format.js";

export function firstScreen(event: Watching, wording: Wording, version: string): string[] {
  const { dim, bold } = wording.paint;
  const label = (text: string) => `  ${dim(text.padEnd(9))}`;
  const nodes = event.nodes.map((node) =>
    [
      `${label(node.embedded ? "embedded" : "node")}${harmless(node.network)}`,
      harmless(node.version),
      harmless(node.id.slice(0, 8)),
      wording.path(node.rpcFile),
    ].join("  "),
  );
  const plugins = event.plugins.flatMap((plugin) => [
    [
      `${label("plugin")}${bold(wording.path(plugin.path))}`,
      ...plugin.options.map((option) => harmless(option)),
    ].join("  "),
    `${label("files")}${wording.files(plugin.files)}`,
    ...(plugin.build === undefined ? [] : [`${label("build")}${harmless(plugin.build)}`]),
  ]);
  const settings =
    event.settings === undefined ? [] : [`${label("settings")}${wording.path(event.settings)}`];
  const keys = wording.keys ? [`  ${dim("r reload   q quit   ? help")}`] : [];
  return [`${bold("cln-dev")} ${version}`, ...nodes, ...plugins, ...settings, ...keys, ""];
}
