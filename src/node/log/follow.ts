/**
 * Follows a node's log: its log file if readable, else `getlog`, polled. Used by `cln-dev logs` and
 * `cln-dev watch`.
 */
import { isObject } from "../../jsonrpc/json.js";
import { isAtLeast, type LogLevel } from "../../plugin/log-level.js";
import { callNode } from "../rpc/client.js";
import { followFile } from "./follow-file.js";
import { logSettings, readableLog } from "./log-file.js";
import { joinMessages, type NodeLogLine, sourceOfPlugin } from "./log-lines.js";
import type { LogReader } from "./log-reader.js";
import { pollRing } from "./poll-getlog.js";

export interface FollowOptions {
  readonly rpcFile: string;
  readonly networkDir: string;
  /** The base names of the plugins to show; if empty, every line of the node. */
  readonly pluginNames: readonly string[];
  /** The lowest level to pass on. */
  readonly level: LogLevel;
  /** Start with the lines since then. */
  readonly since?: Date;
  /** Without `since`: start with the last N lines. Default: 0. */
  readonly last?: number;
  /** Stop after the existing lines. */
  readonly once?: boolean;
  readonly signal: AbortSignal;
  readonly onLine: (line: NodeLogLine) => void;
  /** Reports where the lines come from: once, and again when that changes. */
  readonly onSource?: (source: FollowedLog) => void;
}

export type FollowedLog =
  | { readonly kind: "file"; readonly path: string }
  /** `level`: the lowest level this source has, which may be above the requested one. */
  | { readonly kind: "getlog"; readonly level: LogLevel; readonly why: string };

/**
 * Passes lines on until the signal is aborted, or with `once` until all are read.
 * @throws RpcError
 * @throws NodeUnreachable if the node does not answer at the start
 */
export async function followLogs(options: FollowOptions): Promise<void> {
  const { rpcFile, networkDir, level, signal } = options;
  const listed = await callNode(rpcFile, "listconfigs", {}, { signal });
  const settings = logSettings(isObject(listed) ? listed.configs : undefined, networkDir);
  const path = readableLog(settings, level);
  const sources = new Set(options.pluginNames.map(sourceOfPlugin));
  const reader: LogReader = {
    wants: (line) =>
      isAtLeast(line.level, level) &&
      (sources.size === 0 || sources.has(line.source)) &&
      (options.since === undefined || line.time === undefined || line.time >= options.since),
    since: options.since,
    last: options.last ?? 0,
    once: options.once ?? false,
    signal,
    onLines: (lines) => {
      for (const line of joinMessages(lines)) options.onLine(line);
    },
  };
  if (path !== undefined) {
    options.onSource?.({ kind: "file", path });
    return followFile(path, reader);
  }
  const polled = isAtLeast(level, "info") ? level : "info";
  options.onSource?.({ kind: "getlog", level: polled, why: whyNoFile(settings, level) });
  return pollRing(rpcFile, polled, level, reader);
}

function whyNoFile(settings: ReturnType<typeof logSettings>, level: LogLevel): string {
  if (settings.files.length === 0) return "the node has no log-file";
  if (!isAtLeast(level, settings.level)) return `the node's log-level is ${settings.level}`;
  return `${settings.files.join(", ")} cannot be read`;
}
