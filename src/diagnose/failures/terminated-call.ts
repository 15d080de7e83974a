/**
 * A call by hand (`cln-dev call`) that killed its plugin: the node does not say which plugin that
 * was. Its log does, and where the plugin's file is.
 */
import { basename } from "node:path";
import { isObject, stringOf } from "../../jsonrpc/json.js";
import type { Params } from "../../jsonrpc/message.js";
import type { StderrMark } from "../../node/log/node-stderr.js";
import { callNode } from "../../node/rpc/client.js";
import type { RpcError } from "../../node/rpc/errors.js";
import { inspectPluginFile } from "../../plugin/file/plugin-file.js";
import type { NodeToImitate } from "../node-handshake.js";
import { diagnoseCall } from "./death.js";
import type { ExplainedFailure } from "./start.js";

export interface TerminatedCall {
  readonly node: NodeToImitate & { readonly lightningDir: string };
  readonly error: RpcError;
  readonly method: string;
  readonly params: Params;
  /** When the call was made. */
  readonly since: Date;
  /** How far the node's stderr was written then, if it is a file. */
  readonly stderrMark: StderrMark | undefined;
  readonly signal: AbortSignal;
}

/** A node's whole log can be 16 MiB. */
const LOG_TIMEOUT_MS = 5_000;
const KILLED = /^Killing plugin: /;
/** lightningd/plugin.c plugin_send_getmanifest */
const STARTED = /^started\(\d+\) (\/.*)$/;

/** Never rejects. @returns undefined if it is not known which plugin that was */
export async function explainTerminatedCall(
  call: TerminatedCall,
): Promise<ExplainedFailure | undefined> {
  const entries = await readLog(call.node.rpcFile);
  const death = entries.findLast(
    ({ source, text }) => KILLED.test(text) && source.startsWith("plugin-"),
  );
  const name = death?.source.replace(/^plugin-/, "");
  const path = entries
    .flatMap(({ text }) => STARTED.exec(text)?.[1] ?? [])
    .findLast((started) => basename(started) === name);
  const file =
    path === undefined ? undefined : await inspectPluginFile(path).catch(() => undefined);
  if (death === undefined || file === undefined) return undefined;
  const { node, since, stderrMark, signal, method, params } = call;
  const dead = { file, options: [], node, since, stderrMark, signal, log: [death.text] };
  return await diagnoseCall(call.error, dead, { method, params });
}

interface Entry {
  readonly source: string;
  readonly text: string;
}

/** What was logged, oldest first; empty if the node does not answer in time. */
async function readLog(rpcFile: string): Promise<readonly Entry[]> {
  const options = { timeoutMs: LOG_TIMEOUT_MS };
  const answer: unknown = await callNode(rpcFile, "getlog", { level: "debug" }, options).catch(
    () => undefined,
  );
  const log: unknown = isObject(answer) ? answer.log : undefined;
  if (!Array.isArray(log)) return [];
  return log.flatMap((entry: unknown) => {
    const text = isObject(entry) ? stringOf(entry.log) : undefined;
    const source = isObject(entry) ? stringOf(entry.source) : undefined;
    return text === undefined || source === undefined ? [] : [{ source, text }];
  });
}
