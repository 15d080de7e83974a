/**
 * What is told of a plugin that was started and then died, by itself or in the middle of a call.
 * lightningd knows only that it exited; its traceback is on stderr, which may be readable, and else
 * comes again when the plugin is run offline in the same way.
 */

import type { Finding } from "../events/watch-events.js";
import type { Params } from "../jsonrpc/message.js";
import { PLUGIN_TERMINATED } from "../jsonrpc/message.js";
import { recentStderr, type StderrPlace, stderrPlace } from "../node/log/node-stderr.js";
import { type NodeUnreachable, RpcError } from "../node/rpc/errors.js";
import type { PluginFile } from "../plugin/file/plugin-file.js";
import type { NodePlace, RawOption } from "../plugin/handshake/init-params.js";
import type { Explained } from "./diagnose-start.js";
import { readDeath } from "./evidence/crash-log.js";
import { explain, explainWords } from "./explain/explain.js";
import type { Explanation } from "./explain/explanation.js";
import { explainDeath } from "./explain/node-crashes.js";
import { findingsOf, traceFindings } from "./findings.js";
import {
  markOwnFrames,
  type OfflineRun,
  type PluginTrace,
  runPluginOffline,
} from "./offline-run.js";

export interface DeadPlugin {
  readonly file: PluginFile;
  readonly options: readonly RawOption[];
  readonly node: NodePlace & { readonly lightningDir: string };
  /** When it was started. */
  readonly since: Date;
  /** What it wrote to stderr, where the caller knows it: the embedded node hears it. */
  readonly stderr?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A plugin that ends so soon after its start would do so again. */
const SOON_MS = 5_000;
const LINGER_MS = 600;
const OFFLINE_TIMEOUT_MS = 5_000;

/** A plugin that has died by itself while it ran. Never throws. */
export async function diagnoseDeath(dead: DeadPlugin): Promise<Explained> {
  const place = stderrPlace(dead.node.lightningDir, dead.node.network);
  const trace = traceOnStderr(dead, place);
  const soon = Date.now() - dead.since.getTime() < SOON_MS;
  const again =
    trace === undefined && soon ? await runAgain(dead, { lingerMs: LINGER_MS }) : undefined;
  return told("exited during normal operation", dead, place, trace, again);
}

/**
 * A call that was answered with an error. Where the plugin died of it, and its stderr cannot be read,
 * the call is made once more, on a plugin that is run offline. Never throws.
 */
export async function diagnoseCall(
  error: RpcError | NodeUnreachable,
  dead: DeadPlugin,
  call: { readonly method: string; readonly params: Params },
): Promise<Explained> {
  if (!(error instanceof RpcError) || error.code !== PLUGIN_TERMINATED) {
    const explanation = explain(error, { path: dead.file.realPath, file: dead.file });
    return { explanation, findings: [], offline: undefined };
  }
  const place = stderrPlace(dead.node.lightningDir, dead.node.network);
  const trace = traceOnStderr(dead, place);
  const again = trace === undefined ? await runAgain(dead, { thenCall: call }) : undefined;
  const how = "Run once offline, and the call made once more there";
  return told(error.message, dead, place, trace, again, how);
}

/**
 * What a node that is gone died of, if it wrote down that it crashed.
 * @param networkDir where it leaves that
 * @param since earlier crashes are of no interest
 */
export function explainNodeDeath(networkDir: string, since: Date): Explanation | undefined {
  const death = readDeath(networkDir, since);
  if (death === undefined) return undefined;
  return explainDeath({ path: "", message: "", groups: [], language: "other", death });
}

/** The last trace on the node's stderr, if it is of this plugin. */
function traceOnStderr(
  { file, since, stderr }: DeadPlugin,
  place: StderrPlace | undefined,
): PluginTrace | undefined {
  const written = stderr ?? recentStderr(place, since);
  const trace = written === undefined ? undefined : markOwnFrames(file, written);
  return trace?.frames.some((frame) => frame.own) ? trace : undefined;
}

function runAgain(
  dead: DeadPlugin,
  how: { lingerMs?: number; thenCall?: { method: string; params: Params } },
): Promise<OfflineRun> {
  return runPluginOffline(dead.file, {
    ...dead.node,
    options: dead.options,
    upTo: "init",
    timeoutMs: dead.timeoutMs ?? OFFLINE_TIMEOUT_MS,
    ...how,
    ...(dead.signal === undefined ? {} : { signal: dead.signal }),
  });
}

function told(
  words: string,
  dead: DeadPlugin,
  place: StderrPlace | undefined,
  trace: PluginTrace | undefined,
  again: OfflineRun | undefined,
  how?: string,
): Explained {
  const context = { path: dead.file.realPath, file: dead.file, offline: again, trace };
  const findings =
    trace !== undefined
      ? traceFindings(trace)
      : again?.trace !== undefined || again?.handshake.end.kind === "exited"
        ? findingsOf(again, how)
        : whereStderrWent(place);
  return { explanation: explainWords(words, context), findings, offline: again };
}

function whereStderrWent(place: StderrPlace | undefined): Finding[] {
  const note = (text: string): Finding[] => [{ kind: "note", text }];
  switch (place?.kind) {
    case "file":
      return note(`The node's stderr, ${place.path}, holds no trace of it.`);
    case "nowhere":
      return note(
        "Its stderr went to /dev/null, because the node runs as a daemon: start lightningd without --daemon, with 2>FILE, to see more.",
      );
    case "terminal":
      return note(`What it wrote to stderr stands in the node's terminal, ${place.path}.`);
    case "pipe":
      return note(
        "What it wrote to stderr went to whoever runs the node: its service log, or the container's.",
      );
    case undefined:
      return note("What it wrote to stderr went to the node's own stderr.");
  }
}
