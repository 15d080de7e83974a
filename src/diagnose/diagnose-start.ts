/**
 * What a person is told of a start that failed: why, what to do, and what the plugin itself said.
 * Used by the watch and by the one-shot commands; loaded only when something has failed.
 */

import type { Finding } from "../events/watch-events.js";
import { isObject } from "../jsonrpc/json.js";
import { NATIVE_METHODS } from "../node/plugins/builtin-names.js";
import { callNode } from "../node/rpc/client.js";
import { NodeUnreachable, RpcError } from "../node/rpc/errors.js";
import type { PluginFile } from "../plugin/file/plugin-file.js";
import type { NodePlace, RawOption } from "../plugin/handshake/init-params.js";
import { readDeath } from "./evidence/crash-log.js";
import { explain, explainWords } from "./explain/explain.js";
import type { ExplainContext, Explanation } from "./explain/explanation.js";
import { findingsOf } from "./findings.js";
import { type OfflineRun, runPluginOffline } from "./offline-run.js";

export interface FailedStart {
  readonly file: PluginFile;
  readonly options: readonly RawOption[];
  readonly node: NodePlace;
  /** When the start was sent: what the node wrote down before that is of no interest. */
  readonly since: Date;
  /** How long each step of the handshake may take offline, in ms; 5 s when not given. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface Explained {
  readonly explanation: Explanation | undefined;
  readonly findings: readonly Finding[];
  readonly offline: OfflineRun | undefined;
}

const OFFLINE_TIMEOUT_MS = 5_000;
/** The node is asked for these only to say more: it does not get long for it. */
const ASK_TIMEOUT_MS = 2_000;

const NATIVE = [...NATIVE_METHODS];

/** Never throws. */
export async function diagnoseFailedStart(
  error: RpcError | NodeUnreachable,
  start: FailedStart,
): Promise<Explained> {
  const died = error instanceof NodeUnreachable && error.reason === "closed";
  const ran = died || runsPlugin(error) ? await runOffline(start, died) : undefined;
  const context: ExplainContext = {
    path: start.file.realPath,
    file: start.file,
    options: start.options,
    offline: ran,
    ...(died ? { death: readDeath(start.node.networkDir, start.since), methods: NATIVE } : {}),
    ...(error instanceof RpcError ? await askNode(error, start) : {}),
  };
  return {
    explanation: explain(error, context),
    findings: ran === undefined || died ? deathFindings(context) : findingsOf(ran),
    offline: ran,
  };
}

/**
 * What holds up a start that is still under way: the plugin is run offline beside it.
 * @returns undefined where it does not hang there. Never throws.
 */
export async function diagnoseHang(start: FailedStart): Promise<Explained | undefined> {
  const ran = await runOffline(start, false);
  const { end } = ran.handshake;
  if (end.kind !== "timeout" && end.kind !== "other-id") return undefined;
  if (end.phase === "running") return undefined;
  const context = { path: start.file.realPath, file: start.file, offline: ran };
  const explanation = explainWords(`timed out before replying to ${end.phase}`, context);
  return { explanation, findings: findingsOf(ran), offline: ran };
}

/** Whether running the plugin could say more: not where the node did not get so far. */
function runsPlugin(error: RpcError | NodeUnreachable): boolean {
  if (!(error instanceof RpcError) || error.code !== -3) return false;
  return !/(opening pipe|already registered|Plugin changed|stopped by|hook dependencies)/.test(
    error.message,
  );
}

/** After the node's death nothing is asked of the plugin but what the node had asked last. */
function runOffline(start: FailedStart, died: boolean): Promise<OfflineRun> {
  return runPluginOffline(start.file, {
    ...start.node,
    options: start.options,
    upTo: died ? "getmanifest" : "init",
    timeoutMs: start.timeoutMs ?? OFFLINE_TIMEOUT_MS,
    ...(start.signal === undefined ? {} : { signal: start.signal }),
  });
}

async function askNode(error: RpcError, start: FailedStart): Promise<Partial<ExplainContext>> {
  if (!/^.*Option ".*" already registered$/.test(error.message)) return {};
  const options = { timeoutMs: ASK_TIMEOUT_MS };
  const listed: unknown = await callNode(start.node.rpcFile, "listconfigs", {}, options).catch(
    () => undefined,
  );
  return isObject(listed) ? { configs: listed.configs } : {};
}

function deathFindings({ death }: ExplainContext): Finding[] {
  if (death === undefined) return [];
  const telling = death.lines.filter(
    (line) => !/backtrace: .*(\(null\)|ccan\/|libc|csu\/)/.test(line),
  );
  return [
    { kind: "heading", text: `The node wrote ${death.file}:` },
    ...telling.slice(0, 8).map((text): Finding => ({ kind: "quote", text })),
  ];
}
