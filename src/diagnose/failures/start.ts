/**
 * The report on a failed start: why, what to do, and what the plugin itself printed. Used by the
 * watch and by the one-shot commands; loaded only after a failure.
 */
import { execFile } from "node:child_process";
import type { Finding } from "../../events/watch-events.js";
import { isObject } from "../../jsonrpc/json.js";
import { type StderrMark, stderrAfter } from "../../node/log/node-stderr.js";
import { callNode } from "../../node/rpc/client.js";
import { NodeUnreachable, RpcError } from "../../node/rpc/errors.js";
import type { PluginFile } from "../../plugin/file/plugin-file.js";
import type { HandshakeOptions } from "../../plugin/handshake/handshake.js";
import type { RawOption } from "../../plugin/handshake/init-params.js";
import { NATIVE_METHODS } from "../../plugin/release.js";
import { readDeath } from "../evidence/crash-log.js";
import { fileWrittenAt } from "../evidence/cut-file.js";
import {
  compareEnvironments,
  type EnvironmentDifference,
  mentions,
} from "../evidence/node-environment.js";
import { ownSources } from "../evidence/own-code.js";
import { asksItself } from "../explain/exit-rules.js";
import { explain, explainMessage } from "../explain/explain.js";
import type { ExplainContext, Explanation } from "../explain/explanation.js";
import { onPythonPath } from "../explain/missing-module.js";
import { findingsOf, traceFindings } from "../findings.js";
import { type NodeToImitate, nodeHandshake } from "../node-handshake.js";
import {
  type OfflineRun,
  type PluginTrace,
  runPluginOffline,
  traceOfPlugin,
} from "../offline-run.js";

export interface FailedStart {
  readonly file: PluginFile;
  readonly options: readonly RawOption[];
  readonly node: NodeToImitate;
  /** When the start was sent: earlier records of the node are ignored. */
  readonly since: Date;
  /** How far the node's stderr was written then, if it is a file. */
  readonly stderrMark?: StderrMark | undefined;
  /** How long each step of the handshake may take offline, in ms. Default: 5 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** An explanation and its evidence. */
export interface ExplainedFailure {
  readonly explanation: Explanation | undefined;
  readonly findings: readonly Finding[];
  readonly offline: OfflineRun | undefined;
}

const OFFLINE_TIMEOUT_MS = 5_000;
/** How long to wait for the node's answers, in ms: they only add detail. */
const ASK_TIMEOUT_MS = 2_000;

const NATIVE = [...NATIVE_METHODS];

/** Explains a failed start. Never rejects. */
export async function diagnoseFailedStart(
  error: RpcError | NodeUnreachable,
  start: FailedStart,
): Promise<ExplainedFailure> {
  if (error instanceof NodeUnreachable && error.reason === "closed")
    return await diagnoseDeadNode(error, start);
  const { file, options } = start;
  const isHookOrder = error instanceof RpcError && /hook dependencies/.test(error.message);
  const runs = runsPlugin(error);
  const like = runs || isHookOrder ? await nodeHandshake(start.node) : undefined;
  const until = runs ? "init" : "getmanifest";
  const ran = like === undefined ? undefined : await runOffline(start, { ...like, until });
  const trace = runs ? traceOfPlugin(file, stderrAfter(start.stderrMark) ?? "") : undefined;
  const context: ExplainContext = {
    path: file.realPath,
    file,
    options,
    offline: ran,
    trace,
    node: nodeOf(start),
    ...(like?.version === undefined ? {} : { version: like.version }),
    ...(ran === undefined ? {} : await gatherEvidence(start, ran, trace, like?.env)),
    ...(error instanceof RpcError ? await askNode(error, start) : {}),
  };
  const explanation = explain(error, context);
  if (ran === undefined || isHookOrder) return { explanation, findings: [], offline: ran };
  // What the plugin printed on the node itself says more than a second run.
  const onNode = trace !== undefined && ran.trace?.error !== trace.error;
  return { explanation, findings: onNode ? traceFindings(trace) : findingsOf(ran), offline: ran };
}

/** The node is gone: the plugin is asked only what the node had asked last. */
async function diagnoseDeadNode(
  error: NodeUnreachable,
  start: FailedStart,
): Promise<ExplainedFailure> {
  const { file, node, options, since } = start;
  const like = await nodeHandshake(node, false);
  const ran = await runOffline(start, { ...like, until: "getmanifest" });
  const death = readDeath(node.networkDir, since);
  const context = { path: file.realPath, file, options, offline: ran, death, methods: NATIVE };
  return { explanation: explain(error, context), findings: deathFindings(context), offline: ran };
}

/**
 * What holds up a start that is still under way: the plugin is run offline beside it. Never
 * rejects.
 * @returns undefined if it does not hang offline
 */
export async function explainHang(start: FailedStart): Promise<ExplainedFailure | undefined> {
  const ran = await runOffline(start, await nodeHandshake(start.node));
  const { end, manifest } = ran.handshake;
  const context = { path: start.file.realPath, file: start.file, offline: ran };
  if (end.kind === "passed" && asksItself(manifest)) {
    const explanation = explainMessage("timed out before replying to init", context);
    return { explanation, findings: [], offline: ran };
  }
  if (end.kind !== "timeout" && end.kind !== "other-id") return undefined;
  if (end.phase === "running") return undefined;
  const explanation = explainMessage(`timed out before replying to ${end.phase}`, context);
  return { explanation, findings: findingsOf(ran), offline: ran };
}

/** Whether running the plugin could tell more: not if the node did not get that far. */
function runsPlugin(error: RpcError | NodeUnreachable): boolean {
  if (!(error instanceof RpcError) || error.code !== -3) return false;
  return !/(opening pipe|already registered|Plugin changed|stopped by|hook dependencies)/.test(
    error.message,
  );
}

function nodeOf({ node: { lightningDir, network } }: FailedStart): ExplainContext["node"] {
  return lightningDir === undefined ? undefined : { lightningDir, network };
}

function runOffline(start: FailedStart, how: Partial<HandshakeOptions>): Promise<OfflineRun> {
  return runPluginOffline(start.file, {
    ...start.node,
    options: start.options,
    until: "init",
    timeoutMs: start.timeoutMs ?? OFFLINE_TIMEOUT_MS,
    ...how,
    ...(start.signal === undefined ? {} : { signal: start.signal }),
  });
}

/** What can be looked up about an error once it is known. */
async function gatherEvidence(
  start: FailedStart,
  ran: OfflineRun,
  onNode: PluginTrace | undefined,
  env: NodeJS.ProcessEnv | undefined,
): Promise<Partial<ExplainContext>> {
  const error = (onNode ?? ran.trace)?.error ?? "";
  const failed = ran.handshake.end.kind === "exited";
  const pythonVersion =
    start.file.language === "python" &&
    /^(SyntaxError|TypeError|ImportError|AttributeError)/.test(error)
      ? await versionOfPython(start.file)
      : undefined;
  return {
    ...(pythonVersion === undefined ? {} : { pythonVersion }),
    cutFile: failed ? fileWrittenAt(start.file, start.node.networkDir, start.since) : undefined,
    ...(env === undefined || !failed ? {} : { environment: await differenceTo(env, start, error) }),
  };
}

/** Errors that another environment can cause; a plugin is not run again for others. */
const MAY_BE_ENVIRONMENT =
  /ModuleNotFound|ImportError|KeyError|FileNotFound|Permission|OSError|not found|No such file|ENOENT|EACCES|Cannot find|cannot open shared|Unicode|locale/;

/**
 * Variables that seem to have made the difference. Those that the error names are known; for others
 * one more run, with our environment, finds out.
 */
async function differenceTo(
  env: NodeJS.ProcessEnv,
  start: FailedStart,
  error: string,
): Promise<EnvironmentDifference> {
  const { differing, onlyHere } = compareEnvironments(env, process.env, ownSources(start.file));
  const module = /^ModuleNotFoundError: No module named '([^'.]+)/.exec(error)?.[1];
  const pythonPath =
    module === undefined ? undefined : onPythonPath(module, process.env.PYTHONPATH);
  const isNamed = onlyHere.some((name) => mentions(error, name));
  if (pythonPath !== undefined || isNamed || differing.length === 0) {
    return { differing: [], onlyHere, pythonPath };
  }
  if (error !== "" && !MAY_BE_ENVIRONMENT.test(error)) {
    return { differing: [], onlyHere, pythonPath };
  }
  const here = await runOffline(start, { env: process.env });
  const runsHere = here.handshake.end.kind === "passed";
  return { differing: runsHere ? differing : [], onlyHere, pythonPath };
}

/** @returns such as `3.11`; undefined if it does not answer at once */
function versionOfPython({ interpreter }: PluginFile): Promise<string | undefined> {
  if (interpreter === undefined || !/python|pypy/.test(interpreter.path)) {
    return Promise.resolve(undefined);
  }
  return new Promise((resolve) => {
    execFile(interpreter.path, ["-V"], { timeout: ASK_TIMEOUT_MS }, (error, stdout) => {
      resolve(error === null ? /^Python (\d+\.\d+)/.exec(stdout)?.[1] : undefined);
    });
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
