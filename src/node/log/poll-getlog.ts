/**
 * Polls `getlog` on a node whose log file cannot be read. The node logs each answer into the same
 * ring that it answers from, so polls are rare and ask only for level info and above. Lower levels
 * are read once, at the start.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { LogLevel } from "../../plugin/log-level.js";
import { callNode } from "../rpc/client.js";
import { NodeUnreachable } from "../rpc/errors.js";
import { parseRing, type Ring } from "./log-lines.js";
import type { LogReader } from "./log-reader.js";

const POLL_EVERY_MS = 2000;

/**
 * Passes on a node's log lines by calling `getlog` repeatedly.
 * @param level the level of the repeated calls
 * @param firstLevel the level of the first call
 * @throws RpcError if a call fails
 * @throws NodeUnreachable if the first call is not answered
 */
export async function pollRing(
  rpcFile: string,
  level: LogLevel,
  firstLevel: LogLevel,
  reader: LogReader,
): Promise<void> {
  const wantsPast = reader.since !== undefined || reader.last > 0;
  let ring = await readRing(rpcFile, wantsPast ? firstLevel : level, reader.signal);
  const before = (ring?.entries ?? []).map((entry) => entry.line).filter(reader.wants);
  reader.onLines(reader.since ? before : before.slice(before.length - reader.last));
  let seen = ring?.entries.at(-1)?.cursor ?? -1n;
  while (!reader.once && !reader.signal.aborted) {
    await sleep(POLL_EVERY_MS, undefined, { signal: reader.signal }).catch(() => {});
    if (reader.signal.aborted) return;
    const next = await readRing(rpcFile, level, reader.signal).catch(nodeAway);
    if (next === undefined) continue;
    if (next.createdAt !== ring?.createdAt) seen = -1n;
    const fresh = next.entries.filter((entry) => entry.cursor > seen);
    reader.onLines(fresh.map((entry) => entry.line).filter(reader.wants));
    seen = fresh.at(-1)?.cursor ?? seen;
    ring = next;
  }
}

async function readRing(rpcFile: string, level: LogLevel, signal: AbortSignal) {
  const result: unknown = await callNode(rpcFile, "getlog", { level }, { signal });
  return parseRing(result);
}

/** Ignores an unreachable node: it comes back, or the caller aborts. */
function nodeAway(error: unknown): Ring | undefined {
  if (error instanceof NodeUnreachable) return undefined;
  throw error;
}
