/**
 * A node's log lines, live: from its log file if that can be read, else by asking `getlog` now
 * and then. Used by `cln-dev logs` and by `cln-dev watch`.
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
  /** The base names of the plugins whose lines are wanted; none: every line of the node. */
  readonly pluginNames: readonly string[];
  /** The lowest level that is given. */
  readonly level: LogLevel;
  /** Lines since then come first. */
  readonly since?: Date;
  /** Without `since`: so many of the last lines come first. 0 when not given. */
  readonly last?: number;
  /** Only what is there already, no waiting for more. */
  readonly once?: boolean;
  readonly signal: AbortSignal;
  readonly onLine: (line: NodeLogLine) => void;
  /** Where the lines come from: said once, and again when it changes. */
  readonly onSource?: (source: FollowedLog) => void;
}

export type FollowedLog =
  | { readonly kind: "file"; readonly path: string }
  /** `level`: the lowest level that this way gives, which may be above the one asked for. */
  | { readonly kind: "getlog"; readonly level: LogLevel; readonly why: string };

/**
 * Gives the lines until the signal is aborted (or at once with `once`).
 * @throws RpcError, NodeUnreachable when the node does not answer at the start
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
