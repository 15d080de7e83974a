/** lightningd's `plugin` command as typed calls (lightningd/plugin_control.c). */
import type { Socket } from "node:net";
import { isObject, RawJson } from "../../jsonrpc/json.js";
import { INVALID_PARAMS } from "../../jsonrpc/message.js";
import { type CallOptions, callNode, callOn } from "../rpc/client.js";
import { RpcError } from "../rpc/errors.js";
import type { StartOption } from "./start-options.js";

/** One entry of `plugin list`. */
export interface ListedPlugin {
  /** The canonical path: absolute, symlinks resolved. */
  readonly name: string;
  /** Whether it has answered `init`. */
  readonly active: boolean;
  /** Whether it can be stopped and started; false until its manifest is known. */
  readonly dynamic: boolean;
}

/**
 * How long a start may take, in ms: the node gives a plugin 120 s for getmanifest and 120 s for
 * init (lightningd/plugin.c).
 */
const START_TIMEOUT_MS = 245_000;
/** How long a stop may take, in ms: a plugin subscribed to `shutdown` has 30 s. */
const STOP_TIMEOUT_MS = 35_000;

/** Lists the plugins that the node runs or is starting. @throws RpcError, NodeUnreachable */
export async function listPlugins(rpcFile: string, options?: CallOptions): Promise<ListedPlugin[]> {
  return readList(await callNode(rpcFile, "plugin", ["list"], options));
}

/** Like listPlugins, on a kept connection (see callOn). @throws RpcError, NodeUnreachable */
export async function listPluginsOn(
  connection: Socket,
  rpcFile: string,
  options?: CallOptions,
): Promise<ListedPlugin[]> {
  return readList(await callOn(connection, rpcFile, "plugin", ["list"], options));
}

/**
 * Starts a plugin and waits until the node reports it as started. Without options, uses the
 * positional form: the keyword form can crash releases from v23.08 to v26.06.6 if the node's config
 * holds a value that no running plugin owns.
 * @param path absolute, symlinks resolved: the node resolves a relative path from its own folder
 * @throws RpcError, NodeUnreachable
 */
export async function startPlugin(
  rpcFile: string,
  path: string,
  startOptions: readonly StartOption[],
  options: CallOptions = {},
): Promise<ListedPlugin[]> {
  const params =
    startOptions.length === 0
      ? ["start", path]
      : new RawJson(
          `{"subcommand":"start","plugin":${JSON.stringify(path)}${startOptions
            .map(({ name, raw }) => `,${JSON.stringify(name)}:${raw}`)
            .join("")}}`,
        );
  return readList(
    await callNode(rpcFile, "plugin", params, { timeoutMs: START_TIMEOUT_MS, ...options }),
  );
}

/**
 * Stops a plugin. Not running is not an error.
 * @returns whether the node was running it
 * @throws RpcError, NodeUnreachable
 */
export async function stopPlugin(
  rpcFile: string,
  path: string,
  options: CallOptions = {},
): Promise<boolean> {
  try {
    await callNode(rpcFile, "plugin", ["stop", path], { timeoutMs: STOP_TIMEOUT_MS, ...options });
    return true;
  } catch (error) {
    if (isNotRunning(error)) return false;
    throw error;
  }
}

function isNotRunning(error: unknown): boolean {
  return (
    error instanceof RpcError &&
    error.code === INVALID_PARAMS &&
    error.message.startsWith("Could not find plugin")
  );
}

/**
 * Whether the error is `X cannot be managed when lightningd is up`: the plugin is not dynamic, or
 * has not answered getmanifest.
 */
export function isUnmanageable(error: unknown): boolean {
  return error instanceof RpcError && error.message.includes("cannot be managed");
}

/**
 * Whether the error means that the node already has this file registered. Its message is a stale
 * errno, mostly `Invalid argument`.
 */
export function isAlreadyRegistered(error: unknown): boolean {
  return (
    error instanceof RpcError &&
    error.code === INVALID_PARAMS &&
    /: (Invalid argument|already registered)$/.test(error.message)
  );
}

function readList(answer: unknown): ListedPlugin[] {
  const plugins = isObject(answer) ? answer.plugins : undefined;
  if (!Array.isArray(plugins)) return [];
  return plugins.filter(isObject).map((plugin) => ({
    name: String(plugin.name),
    active: plugin.active === true,
    // Before v0.12 there was no such field, and every listed plugin could be managed.
    dynamic: plugin.dynamic !== false,
  }));
}
