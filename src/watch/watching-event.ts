/** The first event of a session: what is watched, on which nodes, with which options. */
import { basename } from "node:path";
import type { NodeFacts, Watching } from "../events/watch-events.js";
import { shownValue } from "../plugin/secret-options.js";
import type { PluginSettings, ShellCommand } from "../settings/types.js";
import type { FileSource } from "./files/file-source.js";

export interface WatchedThings {
  readonly nodes: readonly NodeFacts[];
  readonly embedded: boolean;
  readonly plugins: readonly PluginSettings[];
  /** By the path of the plugin. */
  readonly files: ReadonlyMap<string, FileSource>;
  readonly settings: string | undefined;
  readonly control: string | undefined;
}

/** Creates the session's first event. */
export function watchingEvent(things: WatchedThings): Watching {
  const { nodes, embedded, plugins, files, settings, control } = things;
  return {
    event: "watching",
    nodes: nodes.map((facts) => ({ ...facts, embedded })),
    plugins: plugins.map((plugin) => ({
      plugin: basename(plugin.path),
      path: plugin.path,
      files: files.get(plugin.path)?.watched.description ?? "",
      options: plugin.options.map((option) => `${option.name}=${shownValue(option)}`),
      commands: [...shellCommand("build", plugin.build), ...shellCommand("run", plugin.runAfter)],
    })),
    settings,
    control,
  };
}

function shellCommand(
  name: "build" | "run",
  shell: ShellCommand | undefined,
): Watching["plugins"][number]["commands"] {
  return shell === undefined ? [] : [{ name, command: shell.command, from: shell.from }];
}
