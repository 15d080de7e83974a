/**
 * One reload in hot mode: the host tries the new version. If its manifest has changed, the front is
 * replaced as well. The attempt decides when.
 */
import { diagnoseHotFailure, hotKiller } from "../../diagnose/on-demand.js";
import { Failure, messageOf } from "../../errors/failure.js";
import { type Diagnosis, failed, NO_DIAGNOSIS, refused } from "../../events/outcomes.js";
import type { Target } from "../../events/reload-target.js";
import type { Emit, Failed, HotSwitch, Outcome } from "../../events/watch-events.js";
import type { HotOutcome } from "../../hot/protocol.js";
import { startPlugin, stopPlugin } from "../../node/plugins/plugin-command.js";
import type { StartOption } from "../../node/plugins/start-options.js";
import { NodeUnreachable, RpcError } from "../../node/rpc/errors.js";
import type { PluginFile } from "../../plugin/file/plugin-file.js";
import type { Handshake } from "../../plugin/handshake/handshake.js";
import { sameOptions } from "../reload/options/inherited-options.js";
import type { PluginOnNode } from "../reload/plugin-on-node.js";
import { SLOW_START_MS } from "../reload/start/slow-start-notice.js";
import { type AttemptProgress, Superseded } from "../reload/supersede/attempt-progress.js";
import type { HotPlugin } from "./hot-plugin.js";

export interface HotReload {
  readonly target: Target;
  readonly node: PluginOnNode;
  readonly hot: HotPlugin;
  readonly file: PluginFile;
  readonly options: readonly StartOption[];
  /**
   * Identifies the node, once. Must resolve before the node is asked anything else.
   * @returns its version
   * @throws Failure: it must not be touched
   */
  readonly version: () => Promise<string>;
  readonly progress: AttemptProgress;
  readonly emit: Emit;
  /** Waits until writes have stopped, before a failure is reported. */
  readonly untilSure: () => Promise<void>;
}

/** How the new version took over; an outcome if it did not. */
export type HotResult = { readonly switched: HotSwitch; readonly startMs: number } | Outcome;

type Switched = Extract<HotOutcome, { result: "switched" }>;
type Changed = Extract<HotOutcome, { result: "changed" }>;
type NotStarted = Extract<HotOutcome, { result: "failed" }>;

/**
 * Reloads a plugin in hot mode.
 * @throws Superseded: a newer change has arrived, or the host has ended and the plugin must be
 *   started again
 * @throws NodeUnreachable
 */
export async function reloadHot(reload: HotReload): Promise<HotResult> {
  const { hot, progress } = reload;
  const timer = setTimeout(() => tellSlow(reload), SLOW_START_MS);
  const tried = hot.reload(reload.target.plugin, hasOtherOptions(reload));
  // Identify the node while the new version starts.
  reload.version().catch(() => {});
  const outcome = await orSuperseded(reload, tried).finally(() => clearTimeout(timer));
  switch (outcome?.result) {
    case "switched":
      await reload.version().catch((error) => {
        // The new version serves even if the node does not answer; the monitor reports that.
        if (!(error instanceof NodeUnreachable)) throw error;
      });
      return switched(outcome, []);
    case "changed":
      return await register(reload, outcome);
    case "failed":
      return await notStarted(reload, outcome);
    case "superseded":
      throw new Superseded();
    case undefined:
      reload.node.state = { is: "unknown" };
      progress.supersede();
      throw new Superseded();
  }
}

/** Whether the options differ from those of the last start: the node passes them only then. */
function hasOtherOptions({ node, hot, options, target }: HotReload): boolean {
  const { previousOptions } = node;
  // It ran before this session: only the node knows which options it was started with.
  if (previousOptions === undefined) return target.plugin.options.length > 0 && !hot.isStatic;
  return !sameOptions(options, previousOptions);
}

function tellSlow({ target, emit }: HotReload): void {
  const message = `${target.name.plugin}: no answer from the new version after ${SLOW_START_MS / 1000} s; the previous version is still serving`;
  emit({ event: "notice", level: "info", message });
}

/** Waits for `work`, unless superseded. The next reload makes the host end what it is trying. */
async function orSuperseded<T>({ progress }: HotReload, work: Promise<T>): Promise<T> {
  let stop = () => {};
  const newer = new Promise<never>((_, reject) => {
    stop = () => reject(new Superseded());
    progress.newer.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([work, newer]);
  } finally {
    progress.newer.removeEventListener("abort", stop);
  }
}

function switched(outcome: Switched, changes: readonly string[]) {
  const { handover, because, heldMs, held, gapMs, manifestMs, initMs } = outcome;
  const how = { changes, gapMs, handover, because, heldMs, held };
  return { switched: how, startMs: manifestMs + initMs };
}

/** Registers a changed manifest: stops the front, and starts one that joins the host. */
async function register(reload: HotReload, changed: Changed): Promise<HotResult> {
  const { target, node, hot, options, progress, file } = reload;
  const { name } = target;
  await reload.version();
  if (hot.isStatic) {
    await hot.takeBack();
    return refused(name, mustRestartNode(file.realPath, changed.changes), true);
  }
  const killer = await killerOf(reload, changed);
  if (killer !== undefined) {
    await hot.takeBack();
    const error = new Error("lightningd would crash");
    return inHotMode(failed(name, progress.change, "check", error, killer, true));
  }
  const before = node.listedAs ?? hot.folder.front;
  const { outcome } = await hot.makeWay();
  progress.throwIfSuperseded();
  await stopPlugin(name.node, before);
  const at = performance.now();
  try {
    await startPlugin(name.node, hot.folder.joining, options);
    node.listed(hot.folder.joining);
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return await takeBack(reload, error, outcome);
  }
  const ended = await outcome;
  if (ended?.result !== "switched") throw new Superseded();
  const changes = changed.changes.length > 0 ? changed.changes : ["options"];
  return { ...switched(ended, changes), startMs: performance.now() - at };
}

/** Registers the previous version, which still runs, again, after the node refused the new one. */
async function takeBack(
  reload: HotReload,
  error: RpcError,
  outcome: Promise<HotOutcome | undefined>,
): Promise<Outcome> {
  const { target, node, hot, progress } = reload;
  await hot.takeBack();
  let running = true;
  let words = error.message.replaceAll(hot.folder.joining, reload.file.realPath);
  try {
    await startPlugin(target.name.node, hot.folder.joining, node.previousOptions ?? reload.options);
    node.listed(hot.folder.joining);
  } catch (again) {
    running = false;
    node.state = { is: "stopped" };
    words = `${words}; the previous version could not be registered again: ${messageOf(again)}`;
  }
  const last = /disabled itself at init/.test(words) ? await outcome : undefined;
  if (last?.result === "failed") return await notStarted(reload, { ...last, running });
  await reload.untilSure();
  const plain = new RpcError("plugin", error.code, words);
  const diagnosis = await explainRefusal(reload, plain);
  return inHotMode(failed(target.name, progress.change, "start", plain, diagnosis, running));
}

async function explainRefusal(reload: HotReload, error: RpcError): Promise<Diagnosis> {
  const { explain } = await import("../../diagnose/explain/explain.js");
  const found = explain(error, { path: reload.file.realPath, file: reload.file });
  return found === undefined ? NO_DIAGNOSIS : { ...found, findings: [] };
}

async function killerOf(reload: HotReload, changed: Changed): Promise<Diagnosis | undefined> {
  const { file, options, target, version, node, hot } = reload;
  const { parseManifest } = await import("../../plugin/manifest/manifest.js");
  const { RawJson } = await import("../../jsonrpc/json.js");
  const parsed = parseManifest(new RawJson(changed.manifest));
  const handshake: Handshake = {
    file,
    end: { kind: "passed" },
    nodeMessage: undefined,
    manifest: "manifest" in parsed ? parsed.manifest : undefined,
    manifestText: changed.manifest,
    manifestMs: undefined,
    initMs: undefined,
    stray: [],
    stderr: "",
    logged: [],
  };
  const start = { file, options, node: target.node, version: await version() };
  return await hotKiller(handshake, start, node.listedAs ?? hot.folder.front);
}

async function notStarted(reload: HotReload, outcome: NotStarted): Promise<Outcome> {
  const { target, file, options, version, progress } = reload;
  await reload.untilSure();
  const { end, words, stray, stderr, logged, manifest } = outcome;
  const handshake: Handshake = {
    file,
    end,
    nodeMessage: words,
    manifest: undefined,
    manifestText: manifest,
    manifestMs: undefined,
    initMs: undefined,
    stray,
    stderr,
    logged,
  };
  const start = { file, options, node: target.node, version: await version() };
  const diagnosis = await diagnoseHotFailure(handshake, start);
  const error = new Error(words);
  return inHotMode(
    failed(target.name, progress.change, "start", error, diagnosis, outcome.running),
  );
}

function inHotMode(outcome: Failed): Failed {
  return { ...outcome, hot: true };
}

/** Returns the failure for a front that the node starts. @param changes those of the manifest */
function mustRestartNode(path: string, changes: readonly string[]): Failure {
  return new Failure({
    kind: "node-must-restart",
    what: `the new version of ${path} cannot take over (${changes.join(", ")})`,
    why: "the node's own config starts this plugin, and the node reads its manifest only at startup",
    fix: "Restart the node",
    exitCode: 1,
  });
}
