/**
 * The plugins that start with the node, and the end of all of them (lightningd/lightningd.c main,
 * lightningd/plugin.c): all give their manifests, then the socket is there, then all get their init.
 * Used by node.ts.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { nearestName } from "../errors/did-you-mean.js";
import { Failure } from "../errors/failure.js";
import { strerror } from "../plugin/process/strerror.js";
import { PLUGIN_OPTIONS } from "../plugin/release.js";
import type { NodeLog } from "./log/node-log.js";
import type { NodeContext } from "./node-context.js";
import type { HostedPlugin } from "./plugins/hosted-plugin.js";
import type { PluginHost } from "./plugins/plugin-host.js";
import { canonicalPath, defaultPlugins, pathsMatch, pluginsIn } from "./plugins/plugin-paths.js";
import type { ConfigOption, EmbeddedSettings } from "./settings.js";

/** Reasons for which lightningd does not start without the plugin, but gives up. */
const FATAL = /^(Option ".*" already registered|timed out before .*)$/s;

/** lightningd has its own words for a clash while it starts. */
function wordsAtStart(reason: string): string {
  return reason.replace(/^Option "(.*)" already registered$/s, "option name '$1' is already taken");
}

/**
 * @param settings name the plugins besides those in the lightning-dir's own folder
 * @param listen makes the socket
 * @throws Failure where lightningd would not start either: a plugin that is not there, that is named
 *   twice, that the system cannot run, whose options clash; a value that an option does not take
 */
export async function startPlugins(
  node: NodeContext,
  settings: EmbeddedSettings,
  listen: () => Promise<void>,
): Promise<void> {
  const { host } = node;
  let fatal: Failure | undefined;
  registerAll(node, settings, (plugin, reason) => {
    if (FATAL.test(reason)) fatal ??= startFailure(plugin.path, wordsAtStart(reason));
  });
  await new Promise<void>((done) => {
    host.starts.launchAll(undefined, (plugin, error) => {
      fatal ??= startFailure(plugin.path, `opening pipe: ${strerror(error)}`);
    });
    // What the system has against a program is known by then.
    setImmediate(() => host.starts.whenManifestsAreIn(done));
  });
  fatal ??= badOption(node, settings);
  if (fatal !== undefined) throw fatal;
  await listen();
  await new Promise<void>((done) => {
    host.starts.configureAll();
    host.starts.whenAllActive(done);
  });
  if (fatal !== undefined) throw fatal;
  host.starts.startup = false;
}

function registerAll(
  node: NodeContext,
  settings: EmbeddedSettings,
  onKilled: (plugin: HostedPlugin, reason: string) => void,
): void {
  const { host, networkDir } = node;
  const waiter = { killed: onKilled, succeeded: () => {} };
  const isDisabled = (path: string) => {
    const disabled = settings.disabledPlugins.some((name) => pathsMatch(path, name, networkDir));
    if (disabled) node.log.add("plugin-manager", "info", `${path}: disabled via disable-plugin`);
    return disabled;
  };
  for (const path of settings.plugins.map((given) => existing(given, networkDir))) {
    if (isDisabled(path) || host.register(path, waiter) !== undefined) continue;
    throw startFailure(path, "it is named twice");
  }
  for (const path of settings.importantPlugins.map((given) => existing(given, networkDir))) {
    if (isDisabled(path)) continue;
    host.register(path, waiter);
    const plugin = host.plugins.find((present) => present.path === path);
    if (plugin !== undefined) plugin.important = true;
  }
  const folders = settings.pluginDirs
    .map((folder) => resolve(networkDir, folder))
    .filter((folder) => existsSync(folder));
  for (const path of [...folders.flatMap(pluginsIn), ...defaultPlugins(node.lightningDir)]) {
    if (!isDisabled(path)) host.register(path, waiter);
  }
}

/**
 * What was given before its option was known is looked at now. An option that nobody has is refused,
 * as by lightningd, where plugins start with the node; else its plugin may be started later.
 */
function badOption(node: NodeContext, settings: EmbeddedSettings): Failure | undefined {
  const isComplete = settings.plugins.length + settings.importantPlugins.length > 0;
  for (const given of settings.given) {
    const { name, value } = given;
    const option = node.configs.option(name);
    if (option === undefined && !PLUGIN_OPTIONS.has(name)) {
      const why = "neither the node nor a plugin that starts with it has that option";
      if (isComplete) return optionFailure(given, why, nearestOption(node, name));
      node.log.add("lightningd", "unusual", `${name}: ${why}`);
    }
    const problem =
      value === undefined
        ? undefined
        : option?.type === "flag"
          ? "it takes no value"
          : node.configs.problemWith(name, value);
    if (problem !== undefined) return optionFailure(given, problem);
  }
  return undefined;
}

function nearestOption(node: NodeContext, name: string): string | undefined {
  const near = nearestName(
    name,
    [...node.configs.options].map((option) => option.name),
  );
  return near && `Did you mean ${near}?`;
}

function optionFailure({ name, value, source }: ConfigOption, why: string, fix?: string): Failure {
  const place = source.kind === "file" ? ` in ${source.path}:${source.line}` : "";
  return new Failure({
    kind: "bad-option",
    what: `cannot start the embedded node with ${value === undefined ? name : `${name}=${value}`}${place}`,
    why,
    ...(fix === undefined ? {} : { fix }),
    exitCode: 1,
  });
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

/**
 * Those that subscribe to `shutdown` get up to this many ms, the others none: they read the end of
 * their stdin. Resolves when no plugin is on the list.
 */
export async function shutdownPlugins(
  host: PluginHost,
  log: NodeLog,
  graceMs: number,
): Promise<void> {
  host.beginShutdown();
  for (const plugin of host.plugins) {
    plugin.forgetRequests();
    if (!host.sendShutdown(plugin)) plugin.end();
  }
  if (host.plugins.length > 0) await allEnded(host, graceMs);
  for (const plugin of host.plugins) {
    log.add("lightningd", "debug", `${plugin.name}: failed to self-terminate in time, killing.`);
    plugin.end();
  }
}

function allEnded(host: PluginHost, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, graceMs);
    const look = () => {
      if (host.plugins.length > 0) return;
      clearTimeout(timer);
      resolve();
    };
    for (const plugin of host.plugins) plugin.whenEnded(() => setImmediate(look));
  });
}
