/**
 * Finds out why something went wrong: a failed start, a dead plugin, a call that killed it. The
 * code for that is loaded only when needed.
 */
import { type Diagnosis, NO_DIAGNOSIS } from "../events/outcomes.js";
import type { Target } from "../events/reload-target.js";
import type { JsonObject } from "../jsonrpc/json.js";
import type { Params } from "../jsonrpc/message.js";
import { markStderr, type StderrMark, stderrPlace } from "../node/log/node-stderr.js";
import type { StartOption } from "../node/plugins/start-options.js";
import { NodeUnreachable, RpcError } from "../node/rpc/errors.js";
import type { PluginFile } from "../plugin/file/plugin-file.js";
import type { Handshake } from "../plugin/handshake/handshake.js";
import type { Manifest } from "../plugin/manifest/manifest.js";
import type { HotStart } from "./failures/hot-start.js";
import type { ExplainedFailure } from "./failures/start.js";
import type { TerminatedCall } from "./failures/terminated-call.js";

/** A start that was sent: what, with which options, and when. */
export interface Started {
  readonly target: Target;
  readonly file: PluginFile;
  readonly options: readonly StartOption[];
  readonly since: Date;
  /** How far the node's stderr was written then, if it is a file: see {@link markStderrOf}. */
  readonly stderrMark?: StderrMark | undefined;
  /** Known if a handshake preceded the start (`--safe`). */
  readonly manifest: Manifest | undefined;
}

/** Explains a failed start. */
export async function diagnoseStart(
  { target, ...start }: Started,
  error: unknown,
  signal: AbortSignal,
): Promise<Diagnosis> {
  if (!(error instanceof RpcError || error instanceof NodeUnreachable)) return NO_DIAGNOSIS;
  const { diagnoseFailedStart } = await import("./failures/start.js");
  return diagnosisOf(await diagnoseFailedStart(error, { ...start, node: target.node, signal }));
}

/** What holds up a start that is still under way; undefined if nothing does offline. */
export async function diagnoseHang(
  { target, ...start }: Started,
  signal: AbortSignal,
  timeoutMs?: number,
): Promise<Diagnosis | undefined> {
  const given = timeoutMs === undefined ? {} : { timeoutMs };
  const found = await import("./failures/start.js").then((module) =>
    module.explainHang({ ...start, node: target.node, signal, ...given }),
  );
  return found && diagnosisOf(found);
}

/** How far a node's stderr is written now; undefined if it is not a file. */
export function markStderrOf({
  lightningDir,
  network,
}: Pick<Target["node"], "lightningDir" | "network">): StderrMark | undefined {
  return markStderr(stderrPlace(lightningDir, network));
}

/**
 * Explains why a plugin died.
 * @param stderr what the plugin wrote there, if known (on the embedded node)
 * @param log the plugin's last log lines: there the node says why it ended the plugin
 */
export async function diagnoseDead(
  { target, ...start }: Started,
  { stderr, log }: { readonly stderr: string | undefined; readonly log: readonly string[] },
  signal: AbortSignal,
): Promise<Diagnosis> {
  const { diagnoseDeath } = await import("./failures/death.js");
  const heard = stderr === undefined ? {} : { stderr };
  return diagnosisOf(await diagnoseDeath({ ...start, node: target.node, signal, log, ...heard }));
}

/** Explains why a call failed, if the plugin died of it. Params: those of {@link diagnoseDead}. */
export async function diagnoseFailedCall(
  { target, ...start }: Started,
  error: unknown,
  call: { readonly method: string; readonly params: Params },
  { stderr, log }: { readonly stderr: string | undefined; readonly log: readonly string[] },
  signal: AbortSignal,
): Promise<Diagnosis> {
  if (!(error instanceof RpcError || error instanceof NodeUnreachable)) return NO_DIAGNOSIS;
  const { diagnoseCall } = await import("./failures/death.js");
  const heard = stderr === undefined ? {} : { stderr };
  const dead = { ...start, node: target.node, signal, log, ...heard };
  return diagnosisOf(await diagnoseCall(error, dead, call));
}

/**
 * A call by hand whose plugin terminated (-4); undefined if it is not known which plugin that was.
 */
export async function diagnoseTerminatedCall(call: TerminatedCall): Promise<Diagnosis | undefined> {
  const module = await import("./failures/terminated-call.js");
  const found = await module.explainTerminatedCall(call);
  return found && diagnosisOf(found);
}

/**
 * A start that the node accepts although `init` was answered with an error.
 * @param stderr what the plugin wrote there, if known (on the embedded node)
 */
export async function diagnoseInitError(
  { file, stderrMark }: Started,
  { error, logged }: { readonly error: JsonObject; readonly logged: string },
  stderr: string | undefined,
): Promise<Diagnosis> {
  const { diagnoseInit } = await import("./failures/init.js");
  return diagnosisOf(diagnoseInit({ file, stderrMark, error, logged, stderr }));
}

/** Why a node that is gone died, in one sentence; undefined if it left no trace. */
export async function explainCrash(networkDir: string, since: Date): Promise<string | undefined> {
  const { explainNodeDeath } = await import("./failures/death.js");
  const found = explainNodeDeath(networkDir, since);
  return found === undefined ? undefined : `${found.reason}. ${found.fix}`;
}

/** Why a version that was tried beside the previous one failed. */
export async function diagnoseHotFailure(
  handshake: Handshake,
  start: HotStart,
): Promise<Diagnosis> {
  const { diagnoseHotStart } = await import("./failures/hot-start.js");
  return diagnosisOf(diagnoseHotStart(handshake, start));
}

/** Why the node would not survive its registration; undefined if it would. */
export async function hotKiller(
  handshake: Handshake,
  start: HotStart,
  listedAs: string,
): Promise<Diagnosis | undefined> {
  const { hotStartKiller } = await import("./failures/hot-start.js");
  const explanation = await hotStartKiller(handshake, start, listedAs);
  return explanation && diagnosisOf({ explanation, findings: [], offline: undefined });
}

function diagnosisOf({ explanation, findings }: ExplainedFailure): Diagnosis {
  const killsNode = /^(kills-node-|node-crashed$)/.test(explanation?.id ?? "");
  const addressInUse = explanation?.id === "address-in-use";
  return {
    reason: explanation?.reason,
    fix: explanation?.fix,
    findings,
    killsNode,
    ...(addressInUse ? { addressInUse } : {}),
  };
}
