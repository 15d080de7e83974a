/** The first word of a session: what is watched, where, with which options. */
import { basename } from "node:path";
import type { NodeFacts, Watching } from "../events/watch-events.js";
import { shownValue } from "../plugin/secret-options.js";
import type { PluginSettings } from "../settings/types.js";
import type { FileSource } from "./files/file-source.js";

export interface WatchedThings {
  readonly nodes: readonly NodeFacts[];
  readonly embedded: boolean;
  readonly plugins: readonly PluginSettings[];
  /** One for each plugin. */
  readonly files: readonly FileSource[];
  readonly control: string | undefined;
}

export function watching(things: WatchedThings): Watching {
  const { nodes, embedded, plugins, files, control } = things;
  return {
    event: "watching",
    nodes: nodes.map((facts) => ({ ...facts, embedded })),
    plugins: plugins.map((plugin, index) => ({
      plugin: basename(plugin.path),
      path: plugin.path,
      files: files[index]?.description ?? "",
      options: plugin.options.map((option) => `${option.name}=${shownValue(option)}`),
    })),
    control,
  };
}
