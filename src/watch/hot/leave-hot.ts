/**
 * Ends hot mode for a plugin: it is started plainly again, is stopped, or stays as it is.
 */
import { messageOf } from "../../errors/failure.js";
import type { Target } from "../../events/reload-target.js";
import { startPlugin, stopPlugin } from "../../node/plugins/plugin-command.js";
import type { PluginState } from "../reload/plugin-on-node.js";
import { hotFolder, isStartedByNode, pluginBehind, removeFronts } from "./front-files.js";

/**
 * `plain`: the node runs the plugin itself again, with its options; `stop`: the plugin is stopped;
 * `keep`: the front and its host stay.
 */
export type HotEnd = "plain" | "stop" | "keep";

/**
 * Ends hot mode for a plugin. Never rejects.
 * @param realPath the plugin's canonical path
 * @returns text for the terminal, or undefined if there is nothing to report
 */
export async function leaveHot(
  target: Target,
  realPath: string,
  state: PluginState,
  how: HotEnd,
): Promise<string | undefined> {
  const { plugin, node } = target.name;
  const folder = hotFolder(realPath, node);
  try {
    if (state.is !== "running") {
      if (state.is === "stopped") await removeFronts(folder);
      return undefined;
    }
    const { path, hot, started } = state;
    if (hot === undefined || path === pluginBehind(path)) return undefined;
    await hot.connect(false);
    const byNode = hot.isStatic || isStartedByNode(folder);
    const stays = how === "keep" || (byNode && how === "plain");
    if (how === "plain" && !stays) await hot.makeWay();
    if (stays) {
      hot.close();
      const why = byNode ? ": the node's config starts it" : "";
      return `${plugin} stays in hot mode${why}. The node lists it as ${path}`;
    }
    await stopPlugin(node, path);
    await hot.ended();
    hot.close();
    await removeFronts(folder);
    if (how === "plain") await startPlugin(node, realPath, started?.options ?? []);
    return undefined;
  } catch (error) {
    return `${plugin} could not be restarted without hot mode: ${messageOf(error)}`;
  }
}
