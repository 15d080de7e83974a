/**
 * The plugins that start with the node (lightningd/lightningd.c main, lightningd/plugin.c): all give
 * their manifests, then the socket is there, then all get their init. Used by node.ts.
 */
import { Failure } from "../failure.js";
import type { NodeContext } from "./node-context.js";
import { canonicalPath, defaultPlugins } from "./plugin-paths.js";
import { systemMessage } from "./system-message.js";

/**
 * @param paths plugins besides those in the lightning-dir's own folder
 * @param listen makes the socket
 * @throws Failure for a plugin that is not there or that the system cannot run
 */
export async function startPlugins(
  node: NodeContext,
  paths: readonly string[],
  listen: () => Promise<void>,
): Promise<void> {
  const { host } = node;
  for (const path of paths) {
    if (canonicalPath(path, node.networkDir) === undefined) {
      throw startFailure(path, "there is no such file");
    }
    host.register(path);
  }
  for (const path of defaultPlugins(node.lightningDir)) host.register(path);
  await new Promise<void>((resolve, reject) => {
    host.launchAll(undefined, (plugin, error) =>
      reject(startFailure(plugin.path, systemMessage(error))),
    );
    host.whenManifestsAreIn(resolve);
  });
  await listen();
  await new Promise<void>((resolve) => {
    host.configureAll();
    host.whenAllActive(resolve);
  });
  host.startup = false;
}

function startFailure(path: string, why: string): Failure {
  return new Failure({
    kind: "plugin-start",
    what: `cannot start the embedded node with the plugin ${path}`,
    why,
    exitCode: 1,
  });
}
