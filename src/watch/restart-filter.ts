/** Which targets of a session a restart is about: asked by a key, a program or the control socket. */
import type { Reloader } from "./reloader.js";

/** An absent member stands for all. */
export interface RestartFilter {
  /** The plugin's path, absolute, with or without its symlinks resolved. */
  readonly path?: string | undefined;
  readonly rpcFiles?: readonly string[] | undefined;
}

export function isMeant({ target, realPath }: Reloader, filter: RestartFilter): boolean {
  const { path, rpcFiles } = filter;
  if (rpcFiles && !rpcFiles.includes(target.node.rpcFile)) return false;
  return path === undefined || path === target.name.path || path === realPath;
}

/** @param params as they came over the control socket */
export function readFilter(params: { readonly [key: string]: unknown }): RestartFilter {
  const { path, rpcFiles } = params;
  return {
    path: typeof path === "string" ? path : undefined,
    rpcFiles: Array.isArray(rpcFiles) ? rpcFiles.map(String) : undefined,
  };
}
