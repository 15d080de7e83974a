/**
 * The report on a plugin that was started and then ended: by itself, by the node, or during a call.
 * lightningd logs why it ended a plugin, but of one that exited only that it did. Its traceback is
 * on stderr, which may be readable; otherwise it appears again when the plugin is run offline.
 */
import type { Finding } from "../../events/watch-events.js";
import type { Params } from "../../jsonrpc/message.js";
import { PLUGIN_TERMINATED } from "../../jsonrpc/message.js";
import {
  type StderrMark,
  type StderrPlace,
  stderrAfter,
  stderrPlace,
} from "../../node/log/node-stderr.js";
import { type NodeUnreachable, RpcError } from "../../node/rpc/errors.js";
import type { PluginFile } from "../../plugin/file/plugin-file.js";
import type { RawOption } from "../../plugin/handshake/init-params.js";
import { readDeath } from "../evidence/crash-log.js";
import { findPrint } from "../evidence/find-print.js";
import { explain, explainMessage } from "../explain/explain.js";
import type { Explanation } from "../explain/explanation.js";
import { explainDeath } from "../explain/node-crashes.js";
import { strayIn } from "../explain/output-rules.js";
import { findingsOf, placeFindings, stderrFindings, traceFindings } from "../findings.js";
import { type NodeToImitate, nodeHandshake } from "../node-handshake.js";
import {
  type OfflineRun,
  type PluginTrace,
  runPluginOffline,
  traceOfPlugin,
} from "../offline-run.js";
import type { ExplainedFailure } from "./start.js";

export interface DeadPlugin {
  readonly file: PluginFile;
  readonly options: readonly RawOption[];
  readonly node: NodeToImitate & { readonly lightningDir: string };
  /** When it was started. */
  readonly since: Date;
  /** How far the node's stderr was written then, if it is a file. */
  readonly stderrMark?: StderrMark | undefined;
  /** What it wrote to stderr, if the caller knows it: the embedded node does. */
  readonly stderr?: string;
  /** The plugin's last log lines since then: there the node says why it ended it. */
  readonly log?: readonly string[];
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A plugin that ends this soon after its start would do so again, in ms. */
const SOON_MS = 5_000;
const ALIVE_FOR_MS = 600;
const OFFLINE_TIMEOUT_MS = 5_000;

const EXITED = "exited during normal operation";

/** Reports on a plugin that ended while it ran. Never rejects. */
export async function diagnoseDeath(dead: DeadPlugin): Promise<ExplainedFailure> {
  const killed = explainKilled(dead);
  if (killed !== undefined) return killed;
  const trace = traceOfPlugin(dead.file, dead.stderr ?? stderrAfter(dead.stderrMark) ?? "");
  const soon = Date.now() - dead.since.getTime() < SOON_MS;
  const again =
    trace === undefined && soon ? await runAgain(dead, { aliveForMs: ALIVE_FOR_MS }) : undefined;
  return explainEnd(EXITED, dead, trace, again);
}

/**
 * Reports on a call that was answered with an error. If the plugin died of it, and its stderr
 * cannot be read, the call is repeated, on a plugin that is run offline. Never rejects.
 */
export async function diagnoseCall(
  error: RpcError | NodeUnreachable,
  dead: DeadPlugin,
  call: { readonly method: string; readonly params: Params },
): Promise<ExplainedFailure> {
  if (!(error instanceof RpcError) || error.code !== PLUGIN_TERMINATED) {
    const explanation = explain(error, { path: dead.file.realPath, file: dead.file });
    return { explanation, findings: [], offline: undefined };
  }
  const killed = explainKilled(dead);
  if (killed !== undefined) return killed;
  const trace = traceOfPlugin(dead.file, dead.stderr ?? stderrAfter(dead.stderrMark) ?? "");
  const again = trace === undefined ? await runAgain(dead, { call }) : undefined;
  return explainEnd(error.message, dead, trace, again, "Run again offline, with the same call");
}

/**
 * Why a node that is gone died, if it recorded a crash.
 * @param networkDir where it leaves that
 * @param since earlier crashes are ignored
 */
export function explainNodeDeath(networkDir: string, since: Date): Explanation | undefined {
  const death = readDeath(networkDir, since);
  if (death === undefined) return undefined;
  return explainDeath({ path: "", message: "", groups: [], language: "other", death });
}

/** What the node logs when it ends a plugin (lightningd/plugin.c plugin_kill). */
const KILLED = /^Killing plugin: ([\s\S]*)$/;

/** The node itself ended it because of what it wrote: the node's message is the reason. */
function explainKilled({ file, log = [] }: DeadPlugin): ExplainedFailure | undefined {
  const nodeMessage = log.flatMap((line) => KILLED.exec(line)?.[1] ?? []).at(-1);
  if (nodeMessage === undefined || nodeMessage === EXITED) return undefined;
  const found = explainMessage(nodeMessage, { path: file.realPath, file }) ?? {
    id: "ended-by-node",
    reason: nodeMessage,
    fix: "Check what it wrote just before",
  };
  const isStop = found.id === "stopped-in-call";
  const explanation = isStop ? found : { ...found, reason: `the node ended it: ${found.reason}` };
  const stray = strayIn(nodeMessage).map((text) => ({ printedBy: findPrint(file, text) }));
  // The text is in the reason.
  const findings = stray.flatMap(({ printedBy }) => placeFindings(printedBy));
  return { explanation, findings, offline: undefined };
}

async function runAgain(
  dead: DeadPlugin,
  how: { aliveForMs?: number; call?: { method: string; params: Params } },
): Promise<OfflineRun> {
  return await runPluginOffline(dead.file, {
    ...dead.node,
    ...(await nodeHandshake(dead.node)),
    options: dead.options,
    until: "init",
    timeoutMs: dead.timeoutMs ?? OFFLINE_TIMEOUT_MS,
    ...how,
    ...(dead.signal === undefined ? {} : { signal: dead.signal }),
  });
}

function explainEnd(
  nodeMessage: string,
  dead: DeadPlugin,
  trace: PluginTrace | undefined,
  again: OfflineRun | undefined,
  how?: string,
): ExplainedFailure {
  const { file, stderr } = dead;
  const context = {
    path: file.realPath,
    file,
    offline: again,
    trace,
    ...(stderr === undefined ? {} : { stderr }),
  };
  const found =
    trace !== undefined
      ? traceFindings(trace)
      : again?.trace !== undefined || again?.handshake.end.kind === "exited"
        ? findingsOf(again, how)
        : undefined;
  const findings = found ?? (stderr === undefined ? whereStderrWent(dead) : stderrFindings(stderr));
  return { explanation: explainMessage(nodeMessage, context), findings, offline: again };
}

function whereStderrWent({ node, stderrMark }: DeadPlugin): Finding[] {
  const note = (text: string): Finding[] => [{ kind: "note", text }];
  const place: StderrPlace | undefined = stderrPlace(node.lightningDir, node.network);
  switch (place?.kind) {
    case "file":
      // Other plugins, and the node itself, write there too.
      return [
        ...stderrFindings(
          stderrAfter(stderrMark) ?? "",
          "On the node's stderr since it was started:",
        ),
        ...note(`The node's stderr is in ${place.path}`),
      ];
    case "nowhere":
      return note("Its stderr went to /dev/null, because the node runs with --daemon");
    case "terminal":
      return note(`Its stderr is in the node's terminal (${place.path})`);
    case "pipe":
      return note("Its stderr went to the log of the service or container that runs the node");
    case undefined:
      return note("Its stderr went to the node's own stderr");
  }
}
