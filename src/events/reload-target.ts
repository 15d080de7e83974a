/** The target of a reload: one plugin on one node. */
import { basename } from "node:path";
import type { NodeAddress, PluginSettings } from "../settings/types.js";
import type { Cause, TargetName } from "./watch-events.js";

export interface Target {
  readonly name: TargetName;
  readonly plugin: PluginSettings;
  readonly node: NodeAddress;
}

/** Pairs a plugin with a node, with the names that events use. */
export function targetOf(plugin: PluginSettings, node: NodeAddress): Target {
  const name = { plugin: basename(plugin.path), path: plugin.path, node: node.rpcFile };
  return { name, plugin, node };
}

/** A target as a watch session shows it to other programs. */
export interface SessionTarget {
  /** The plugin's absolute path, as the session's user named it. */
  readonly path: string;
  /** The same with symlinks resolved. */
  readonly realPath: string;
  readonly node: NodeAddress;
}

/** Why a reload is needed, and since when. {@link merge} combines two. */
export interface Change {
  readonly cause: Cause;
  /** Whether to reload even if nothing has changed. Default: true unless the cause is `file`. */
  readonly asked?: boolean;
  /** Absolute paths; empty unless the cause is `file`. */
  readonly files: readonly string[];
  /** performance.now() of the first hint, ms. */
  readonly at: number;
  /**
   * How many starts in a row led to it, each caused by what the previous one wrote. Default: 0, for
   * a save.
   */
  readonly depth?: number;
}

/** How many files a change names: a checkout may change thousands. */
const MAX_FILES = 1_000;

/** Whether the reload happens even if nothing has changed. */
export function isAsked({ asked, cause }: Change): boolean {
  return asked ?? cause !== "file";
}

/** Merges two changes: the earlier time counts, and the cause is `file` if a file has changed. */
export function merge(first: Change | undefined, second: Change): Change {
  if (first === undefined) return second;
  return {
    cause: first.cause === "file" ? "file" : second.cause,
    asked: isAsked(first) || isAsked(second),
    files: [...new Set([...first.files, ...second.files])].slice(0, MAX_FILES),
    at: Math.min(first.at, second.at),
    depth: Math.min(first.depth ?? 0, second.depth ?? 0),
  };
}
