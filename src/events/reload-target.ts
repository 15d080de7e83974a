/** One plugin on one node: what is reloaded. */
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
  /** The same without symlinks. */
  readonly realPath: string;
  readonly node: NodeAddress;
}

/** Why a reload is needed, and since when. {@link merge} combines several. */
export interface Change {
  readonly cause: Cause;
  /** A reload was requested, whether or not anything has changed. */
  readonly asked?: boolean;
  /** Absolute paths; empty unless the cause is `file`. */
  readonly files: readonly string[];
  /** performance.now() of the first hint, ms. */
  readonly at: number;
  /** How many starts led to it, each by what the one before wrote. Default: 0, for a save. */
  readonly depth?: number;
}

/** How many files are named: a checkout may change thousands. */
const MAX_FILES = 1_000;

/** Whether it happens even if nothing has changed. */
export function isAsked({ asked, cause }: Change): boolean {
  return asked ?? cause !== "file";
}

/**
 * One change that stands for both: with the earlier time, and a file as its cause if one has
 * changed.
 */
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
