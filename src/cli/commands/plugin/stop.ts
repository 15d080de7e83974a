/** `cln-dev stop`: stops plugins on the node, by file or by their name in the node's list. */
import { realpathSync } from "node:fs";
import { basename, resolve } from "node:path";
import { Failure } from "../../../errors/failure.js";
import { attempt } from "../../../filesystem/try-read.js";
import { isUnmanageable, listPlugins, stopPlugin } from "../../../node/plugins/plugin-command.js";
import { resolveSettings } from "../../../settings/resolve.js";
import type { NodeAddress } from "../../../settings/types.js";
import { pluginBehind, removeStoppedFront } from "../../../watch/hot/front-files.js";
import { identifyForControl } from "../../../watch/node/identify-node.js";
import { sanitize } from "../../report/sanitize.js";
import type { Context, ExitCode } from "../context.js";
import { atNode, nodesOf } from "../target-nodes.js";

export async function stop(context: Context, args: readonly string[]): Promise<ExitCode> {
  const { flags, io, surroundings } = context;
  const nodes = await nodesOf(context);
  const names = args.length > 0 ? args : pathsFromSettings(context);
  const stopped: { plugin: string; node: string; stopped: boolean }[] = [];
  for (const node of nodes) {
    for (const name of names) {
      const result = await atNode(
        node,
        () => stopOne(node, name, surroundings.cwd, io.signal),
        context,
      );
      stopped.push({ ...result, node: node.rpcFile });
    }
  }
  for (const result of stopped) {
    const text = flags.json
      ? JSON.stringify(result)
      : `${sanitize(basename(result.plugin))} ${result.stopped ? "stopped" : "was not running"}`;
    if (!flags.quiet) io.stdout.write(`${text}\n`);
  }
  return 0;
}

function pathsFromSettings({ flags, surroundings }: Context): string[] {
  const input = { flags, args: [], options: [], surroundings, command: "stop" };
  return resolveSettings(input).plugins.map((plugin) => plugin.path);
}

/** @throws Failure if the node is too old, on mainnet unasked, or refuses to stop the plugin */
async function stopOne(node: NodeAddress, name: string, cwd: string, signal: AbortSignal) {
  await identifyForControl(node, { signal });
  const plugins = await listPlugins(node.rpcFile, { signal });
  const path = fileOf(name, cwd);
  const entry =
    plugins.find((plugin) => [path, name].includes(plugin.name)) ??
    plugins.find((plugin) => path !== undefined && pluginBehind(plugin.name) === path) ??
    plugins.find((plugin) => !name.includes("/") && basename(plugin.name) === name);
  if (entry === undefined) return { plugin: path ?? name, stopped: false };
  try {
    const plugin = pluginBehind(entry.name);
    const stopped = await stopPlugin(node.rpcFile, entry.name, { signal });
    await removeStoppedFront(entry.name);
    return { plugin, stopped };
  } catch (error) {
    if (!isUnmanageable(error)) throw error;
    throw new Failure({
      kind: "plugin-not-dynamic",
      what: `${entry.name} cannot be stopped while the node runs`,
      why: entry.dynamic
        ? "it has not answered getmanifest yet"
        : 'its manifest does not say "dynamic": true',
      fix: entry.dynamic ? "Try again in a moment" : "It stops with the node",
      exitCode: 1,
    });
  }
}

function fileOf(name: string, cwd: string): string | undefined {
  return attempt(() => realpathSync(resolve(cwd, name)));
}
