/** A node for programs: its address, its methods, its plugins. */
import { resolve } from "node:path";
import { targetOf } from "../events/reload-target.js";
import {
  type ListedPlugin,
  listPlugins,
  startPlugin,
  stopPlugin,
} from "../node/plugins/plugin-command.js";
import { encodeStartOptions, needsDeclaration } from "../node/plugins/start-options.js";
import { type CallOptions, callNode } from "../node/rpc/client.js";
import { inspectPluginFile } from "../plugin/file/plugin-file.js";
import { locateAddress, type NodeChoice } from "../settings/locate/locate-node.js";
import type { NodeAddress } from "../settings/types.js";
import { learnDeclarations } from "../watch/reload/options/declared-options.js";
import { optionList, type PluginOptions } from "./plugin-options.js";

/** Named or positional parameters of a method. */
export type CallParams = { readonly [name: string]: unknown } | readonly unknown[];

export interface LightningNode extends NodeAddress {
  /**
   * Calls an RPC method of the node or of a plugin. The result is not checked against `T`. Integers
   * beyond 2^53 lose digits.
   * @throws RpcError if the node answers with an error
   * @throws NodeUnreachable if no answer arrives
   */
  call<T = unknown>(method: string, params?: CallParams, options?: CallOptions): Promise<T>;
  /**
   * Lists the plugins that the node runs.
   * @throws RpcError if the node answers with an error
   * @throws NodeUnreachable if no answer arrives
   */
  listPlugins(options?: CallOptions): Promise<ListedPlugin[]>;
  /**
   * Starts a plugin and waits until the node reports it as started. Does not replace a running
   * plugin: stop it first, or use `watch()`.
   * @param path the plugin's file, relative to the working directory
   * @throws Failure if the file cannot be run, or lightningd cannot accept the value of an option
   * @throws RpcError if the plugin does not start
   * @throws NodeUnreachable if no answer arrives
   */
  startPlugin(path: string, options?: PluginOptions, call?: CallOptions): Promise<void>;
  /**
   * Stops a plugin. Not an error if it is not running.
   * @param path the plugin's file, relative to the working directory
   * @returns whether the plugin was running
   * @throws RpcError if the node answers with another error
   * @throws NodeUnreachable if no answer arrives
   */
  stopPlugin(path: string, options?: CallOptions): Promise<boolean>;
}

/**
 * Finds a node as lightning-cli does: by its lightning-dir, network, rpc-file and config files.
 * Does not connect to it.
 * @throws Failure with `exitCode` 2 for anything that lightning-cli would refuse
 */
export function locateNode(choice: NodeChoice = {}): LightningNode {
  return nodeAt(locateAddress(choice, { home: process.env.HOME, cwd: process.cwd() }));
}

/** Returns the node at an address. */
export function nodeAt(address: NodeAddress): LightningNode {
  const { rpcFile } = address;
  return {
    ...address,
    // Only the caller knows the type of the result.
    call: <T>(method: string, params?: CallParams, options?: CallOptions) =>
      callNode(rpcFile, method, params, options) as Promise<T>,
    listPlugins: (options) => listPlugins(rpcFile, options),
    startPlugin: (path, options, call) => start(address, path, optionList(options), call),
    stopPlugin: (path, options) => stopPlugin(rpcFile, resolve(path), options),
  };
}

async function start(
  address: NodeAddress,
  path: string,
  options: ReturnType<typeof optionList>,
  call: CallOptions = {},
): Promise<void> {
  const file = await inspectPluginFile(path);
  const plugin = {
    path: file.path,
    options,
    watch: [],
    only: [],
    ignore: [],
    call: [],
    safe: false,
  };
  const signal = call.signal ?? new AbortController().signal;
  const declared = needsDeclaration(options)
    ? await learnDeclarations(targetOf(plugin, address), file, signal)
    : undefined;
  await startPlugin(address.rpcFile, file.realPath, encodeStartOptions(options, declared), call);
}
