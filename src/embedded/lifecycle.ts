/**
 * Starts the plugins that start with the node (lightningd/lightningd.c main): first all send their
 * manifests, then the socket opens, then all receive `init`. Used by node.ts.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { nearestName } from "../errors/did-you-mean.js";
import { Failure } from "../errors/failure.js";
import { PLUGIN_OPTIONS } from "../plugin/release.js";
import type { NodeContext } from "./node-context.js";
import { canonicalPath, defaultPlugins, pathsMatch, pluginsIn } from "./plugins/plugin-paths.js";
import type { ConfigOption, EmbeddedSettings } from "./settings.js";

/** The reasons for which lightningd exits, rather than start without the plugin. */
const FATAL = /^(Option ".*" already registered|timed out before .*|opening pipe: .*)$/s;

/**
 * Starts the plugins from the node's command line, config and plugin folder, and opens the socket.
 * @param settings the source of all plugins except those in the lightning-dir's own folder
 * @param listen opens the socket
 * @throws Failure if lightningd would not start either: a plugin is missing, cannot run, is too
 *   slow or has clashing options, or an option is unknown or does not accept its value
 */
export async function startPlugins(
  node: NodeContext,
  settings: EmbeddedSettings,
  listen: () => Promise<void>,
): Promise<void> {
  const { host, networkDir } = node;
  let fatal: Failure | undefined;
  for (const path of pathsOf(node, settings)) {
    if (settings.disabledPlugins.some((name) => pathsMatch(path, name, networkDir))) {
      node.log.add("plugin-manager", "info", `${path}: disabled via disable-plugin`);
      continue;
    }
    host.register(path, (reason) => {
      if (reason !== undefined && FATAL.test(reason)) fatal ??= startFailure(path, reason);
    });
  }
  host.launchAll();
  await host.whenManifestsAreIn();
  fatal ??= badOption(node, settings);
  if (fatal !== undefined) throw fatal;
  await listen();
  host.configureAll();
  await host.whenAllActive();
  if (fatal !== undefined) throw fatal;
  host.startup = false;
}

function pathsOf({ networkDir, lightningDir }: NodeContext, settings: EmbeddedSettings): string[] {
  const given = settings.plugins.map((path) => {
    const canonical = canonicalPath(path, networkDir);
    if (canonical === undefined) throw startFailure(path, "there is no such file");
    return canonical;
  });
  const folders = settings.pluginDirs.map((folder) => resolve(networkDir, folder));
  const found = folders.filter((folder) => existsSync(folder)).flatMap(pluginsIn);
  return [...given, ...found, ...defaultPlugins(lightningDir)];
}

/**
 * Checks the values that were given before their options were known. If plugins were given, an
 * unknown option is refused, as in lightningd. Otherwise it is logged: its plugin may start later.
 * @returns the failure for the first bad option, if any
 */
function badOption({ configs, log }: NodeContext, settings: EmbeddedSettings): Failure | undefined {
  for (const given of settings.given) {
    const { name, value } = given;
    const option = configs.option(name);
    if (option === undefined && !PLUGIN_OPTIONS.has(name)) {
      const why = "unknown option: neither the node nor its plugins have it";
      const near = nearestName(
        name,
        Array.from(configs.options, (known) => known.name),
      );
      if (settings.plugins.length > 0) return optionFailure(given, why, near);
      log.add("lightningd", "unusual", `${name}: ${why}`);
    }
    if (value === undefined) continue;
    const isFlag = option?.type === "flag";
    const problem = isFlag ? "it takes no value" : configs.problemWith(name, value);
    if (problem !== undefined) return optionFailure(given, problem);
  }
  return undefined;
}

function optionFailure({ name, value, source }: ConfigOption, why: string, near?: string): Failure {
  const place = source.kind === "file" ? ` in ${source.path}:${source.line}` : "";
  return new Failure({
    kind: "bad-option",
    what: `cannot start the embedded node with ${value === undefined ? name : `${name}=${value}`}${place}`,
    why,
    ...(near === undefined ? {} : { fix: `Did you mean ${near}?` }),
    exitCode: 1,
  });
}

function startFailure(path: string, why: string): Failure {
  return new Failure({
    kind: "plugin-start",
    what: `cannot start the embedded node with the plugin ${path}`,
    why,
    exitCode: 1,
  });
}
