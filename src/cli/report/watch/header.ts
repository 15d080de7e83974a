/** The header of a watch: its nodes, plugins, files and commands. */
import type { Watching } from "../../../events/watch-events.js";
import { sanitize } from "../sanitize.js";
import type { LineFormat } from "./line-format.js";

/** Formats the session's first event. */
export function headerLines(event: Watching, format: LineFormat, version: string): string[] {
  const { dim, bold } = format.paint;
  const label = (text: string) => `  ${dim(text.padEnd(10))}`;
  const nodes = event.nodes.map((node) =>
    [
      `${label(node.embedded ? "embedded" : "node")}${sanitize(node.network)}`,
      sanitize(node.version),
      sanitize(node.id.slice(0, 8)),
      format.path(node.rpcFile),
    ].join("  "),
  );
  const plugins = event.plugins.flatMap((plugin) => [
    [
      `${label("plugin")}${bold(format.path(plugin.path))}`,
      ...plugin.options.map((option) => sanitize(option)),
    ].join("  "),
    `${label("files")}${format.files(plugin.files)}`,
    ...plugin.commands.map(({ name, command, from }) => {
      const source = from === undefined ? "" : dim(`  (from ${format.path(from)})`);
      return `${label(name)}${sanitize(command)}${source}`;
    }),
  ]);
  const settings =
    event.settings === undefined ? [] : [`${label("settings")}${format.path(event.settings)}`];
  const keys = format.keys ? [`  ${dim("r reload   q quit   ? help")}`] : [];
  return [`${bold("cln-dev")} ${version}`, ...nodes, ...plugins, ...settings, ...keys, ""];
}
