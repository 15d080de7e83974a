/** Finds what the node runs of the plugin, and whether it may be stopped. */
import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../../../errors/failure.js";
import type { Target } from "../../../events/reload-target.js";
import { type ListedPlugin, listPlugins } from "../../../node/plugins/plugin-command.js";
import { importantPlugins } from "../../../node/plugins/running-options.js";
import { inspectPluginFile } from "../../../plugin/file/plugin-file.js";
import { pluginBehind } from "../../hot/front-files.js";
import { type InheritedOptions, readInherited } from "../options/inherited-options.js";

const STARTING_POLL_MS = 100;
/** The longest wait for other plugins to finish their start, in ms. */
const STARTING_MAX_MS = 30_000;
/**
 * The longest wait for this plugin to finish a start from outside this session, in ms: the node
 * itself starts the plugins of its config.
 */
const OWN_START_MS = 3_000;

export interface Found {
  /** `hanging`: its start has not finished. */
  readonly is: "absent" | "hanging" | "running";
  /** The path in the node's list: a front, in hot mode. */
  readonly path: string;
  readonly inherited: InheritedOptions;
}

/**
 * Finds what the node runs of the plugin, and reads what a stop would lose.
 * @param path the plugin's canonical path
 * @param byOthers whether the running version was started outside this session
 * @throws Failure: it runs and must not be stopped
 */
export async function findRunning(
  target: Target,
  path: string,
  inherited: InheritedOptions,
  byOthers: boolean,
  signal: AbortSignal,
): Promise<Found> {
  const { rpcFile } = target.node;
  const entry = await entryOnceNodeIsUp(rpcFile, path, signal);
  if (entry === undefined) return { is: "absent", path, inherited };
  const { name } = entry;
  if (!entry.active) return { is: "hanging", path: name, inherited };
  // Our own front is not stopped: its host takes the new version.
  const isHot = target.plugin.hot === true && name !== path;
  if (!isHot) {
    if (!entry.dynamic) throw await notDynamic(path);
    const important = await importantPlugins(rpcFile, { signal });
    if (important.includes(name)) throw isImportant(path);
  }
  const given = target.plugin.options;
  return {
    is: "running",
    path: name,
    inherited: await readInherited(rpcFile, name, given, inherited, byOthers, signal),
  };
}

/**
 * Returns the node's entry for the plugin. Waits for a node that is still starting: it would never
 * answer a `plugin start`.
 */
async function entryOnceNodeIsUp(
  rpcFile: string,
  path: string,
  signal: AbortSignal,
): Promise<ListedPlugin | undefined> {
  const from = performance.now();
  for (;;) {
    const plugins = await listPlugins(rpcFile, { signal });
    const entry = plugins.find(
      (plugin) => plugin.name === path || pluginBehind(plugin.name) === path,
    );
    const waited = performance.now() - from;
    const starting = plugins.some(
      (plugin) => !plugin.active && waited < (plugin === entry ? OWN_START_MS : STARTING_MAX_MS),
    );
    if (!starting) return entry;
    await sleep(STARTING_POLL_MS);
  }
}

/** The running version may be older than the file, which may say that it is dynamic by now. */
async function notDynamic(path: string): Promise<Failure> {
  const { dynamicHint, saysDynamic } = await import("../../../diagnose/explain/dynamic-hint.js");
  const file = await inspectPluginFile(path).catch(() => undefined);
  const isChanged = saysDynamic(file);
  const hot = 'let the node start what "cln-dev hot-path" prints';
  return new Failure({
    kind: "plugin-not-dynamic",
    what: `${path} runs and cannot be reloaded`,
    why: isChanged
      ? 'it was started before "dynamic": true was added to the file'
      : 'its manifest does not say "dynamic": true, so lightningd only stops it when it shuts down',
    fix: isChanged
      ? "Restart the node once"
      : `${dynamicHint(file)}, and restart the node once; or ${hot}`,
    exitCode: 1,
  });
}

function isImportant(path: string): Failure {
  return new Failure({
    kind: "plugin-important",
    what: `${path} is an important plugin, so it cannot be stopped`,
    why: "the node runs it with --important-plugin, and shuts down when it ends",
    fix: "Start the node with --plugin instead of --important-plugin while you work on it",
    exitCode: 1,
  });
}
