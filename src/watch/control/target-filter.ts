/** Selects the targets of a restart, which a key, a program or `cln-dev restart` asks for. */
import { basename } from "node:path";
import type { SessionTarget } from "../../events/reload-target.js";
import { isObject } from "../../jsonrpc/json.js";
import type { PluginOption } from "../../settings/types.js";

/** A missing member matches everything. */
export interface RestartFilter {
  /** The plugin's absolute path, with or without symlinks resolved. */
  readonly path?: string | undefined;
  /** The plugin's file name, in any folder. */
  readonly name?: string | undefined;
  readonly rpcFiles?: readonly string[] | undefined;
}

/** Whether a filter matches a target. */
export function isMeant({ path, realPath, node }: SessionTarget, filter: RestartFilter): boolean {
  if (filter.rpcFiles && !filter.rpcFiles.includes(node.rpcFile)) return false;
  if (filter.name !== undefined) return filter.name === basename(path);
  return filter.path === undefined || filter.path === path || filter.path === realPath;
}

/**
 * Reads the options that a `restart` sets.
 * @param params as received over the control socket
 */
export function readOptions({ options }: { readonly [key: string]: unknown }): PluginOption[] {
  if (!Array.isArray(options)) return [];
  return options.filter(isObject).map(({ name, value }) => ({
    name: String(name),
    value: typeof value === "number" || typeof value === "boolean" ? value : String(value),
  }));
}

/**
 * Reads which targets a `restart` is for.
 * @param params as received over the control socket
 */
export function readFilter(params: { readonly [key: string]: unknown }): RestartFilter {
  const { path, name, rpcFiles } = params;
  return {
    path: typeof path === "string" ? path : undefined,
    name: typeof name === "string" ? name : undefined,
    rpcFiles: Array.isArray(rpcFiles) ? rpcFiles.map(String) : undefined,
  };
}
