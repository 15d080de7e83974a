/**
 * The plugins that start with the node (lightningd/lightningd.c main, lightningd/plugin.c): all give
 * their manifests, then the socket is there, then all get their init. Used by node.ts.
 */
import { resolve } from "node:path";
import { Failure } from "../failure.js";
import type { NodeContext } from "./node-context.js";
import type { NodeSettings } from "./node-settings.js";
import { canonicalPath, defaultPlugins, pathsMatch, pluginsIn } from "./plugin-paths.js";
import { systemMessage } from "./system-message.js";

/**
 * @param settings name the plugins besides those in the lightning-dir's own folder
 * @param listen makes the socket
 * @throws Failure for a plugin that is not there or that the system cannot run
 */
export async function startPlugins(
  node: NodeContext,
  settings: NodeSettings,
  listen: () => Promise<void>,
): Promise<void> {
  const { host } = node;
  const isDisabled = (path: string) =>
    settings.disabledPlugins.some((name) => pathsMatch(path, name, node.networkDir));
  const found = [
    ...settings.plugins.map((path) => existing(path, node.networkDir)),
    ...settings.pluginDirs.flatMap((folder) => pluginsIn(resolve(node.networkDir, folder))),
    ...defaultPlugins(node.lightningDir),
  ];
  for (const path of found) {
    if (isDisabled(path)) {
      node.log.add("plugin-manager", "info", `${path}: disabled via disable-plugin`);
    } else {
      host.register(path);
    }
  }
  await new Promise<void>((done, reject) => {
    host.launchAll(undefined, (plugin, error) =>
      reject(startFailure(plugin.path, systemMessage(error))),
    );
    host.whenManifestsAreIn(done);
  });
  await listen();
  await new Promise<void>((done) => {
    host.configureAll();
    host.whenAllActive(done);
  });
  host.startup = false;
}

function existing(path: string, networkDir: string): string {
  const canonical = canonicalPath(path, networkDir);
  if (canonical === undefined) throw startFailure(path, "there is no such file");
  return canonical;
}

function startFailure(path: string, why: string): Failure {
  return new Failure({
    kind: "plugin-start",
    what: `cannot start the embedded node with the plugin ${path}`,
    why,
    exitCode: 1,
  });
}
