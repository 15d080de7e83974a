/**
 * `--safe`: the new version must pass its handshake offline before the old one is stopped. Without it,
 * only what looks as if it would take the node down is tried so.
 */

import { mayDropOption } from "../../../diagnose/evidence/dropped-option.js";
import { type Diagnosis, failed } from "../../../events/outcomes.js";
import type { Target } from "../../../events/reload-target.js";
import type { Outcome } from "../../../events/watch-events.js";
import type { StartOption } from "../../../node/plugins/start-options.js";
import type { PluginFile } from "../../../plugin/file/plugin-file.js";
import type { Manifest } from "../../../plugin/manifest/manifest.js";
import { type AttemptContext, untilSure } from "../attempt-context.js";
import type { SettledPlugin } from "./settle-plugin.js";
import { removeStaleBytecodeOf } from "./stale-bytecode.js";
import { BUSY_MAX_MS, BUSY_RETRY_MS, isFileBusy } from "./start-plugin.js";

type Verdict =
  | {
      readonly ok: true;
      readonly manifest: Manifest | undefined;
      readonly note: string | undefined;
    }
  | { readonly ok: false; readonly message: string; readonly diagnosis: Diagnosis };

interface SafeCheckOptions {
  readonly target: Target;
  readonly file: PluginFile;
  readonly options: readonly StartOption[];
  /** Whether the previous version runs. */
  readonly running: boolean;
  /** The node's version, as `getinfo` says it. */
  readonly version: string | undefined;
  /** Let everything pass that does not take the node down: the node itself refuses the rest. */
  readonly onlyCrashes: boolean;
  readonly signal: AbortSignal;
  /** Resolves at the next change, or after so many ms. */
  readonly nextHint: (ms: number) => Promise<void>;
}

/**
 * Checks the new version where `--safe` asks for that, or where it may take the node down.
 * @param version the node's
 * @returns the outcome, where it does not pass; else its manifest, as far as it was asked for it
 * @throws Superseded
 */
export async function checkBeforeStop(
  context: AttemptContext,
  { file, snapshot }: SettledPlugin,
  options: readonly StartOption[],
  version: string,
): Promise<{ readonly outcome: Outcome } | { readonly manifest: Manifest | undefined }> {
  const { node, progress } = context;
  const { target, nextHint } = context.options;
  const { shapes } = node.inherited;
  const configured = [...(shapes ?? [])].filter(([, { isConfigured }]) => isConfigured);
  const names = configured.map(([name]) => name);
  // What would take the node down is looked at in any case where that costs nothing.
  const isSuspect = mayDropOption(file, names, options.length > 0, version);
  if (!target.plugin.safe && !isSuspect) return { manifest: undefined };
  await removeStaleBytecodeOf(context, file);
  progress.begin("check");
  const signal = progress.newer;
  const running = node.runs;
  const onlyCrashes = !target.plugin.safe;
  const verdict = await checkFirst({
    onlyCrashes,
    target,
    file,
    options,
    running,
    version,
    signal,
    nextHint,
  });
  progress.verify(snapshot);
  if (verdict.ok) return { manifest: verdict.manifest };
  await untilSure(context, snapshot);
  const error = new Error(verdict.message);
  const outcome = failed(target.name, progress.change, "check", error, verdict.diagnosis, running);
  return { outcome };
}

/** Never throws. */
async function checkFirst(options: SafeCheckOptions): Promise<Verdict> {
  const { target, version, nextHint, onlyCrashes, ...check } = options;
  const { preflight } = await import("../../../diagnose/preflight.js");
  const known = version === undefined ? {} : { version };
  const run = () => preflight({ ...check, node: target.node, ...known });
  const until = performance.now() + BUSY_MAX_MS;
  let result = await run();
  while (!result.ok && isFileBusy(result.message) && performance.now() < until) {
    if (check.signal.aborted) break;
    await nextHint(BUSY_RETRY_MS);
    result = await run();
  }
  if (result.ok) return { ok: true, manifest: result.handshake.manifest, note: result.note };
  const { explanation, findings, message } = result;
  if (onlyCrashes && !result.crashes) return { ok: true, manifest: undefined, note: undefined };
  const diagnosis = { reason: explanation?.reason, fix: explanation?.fix, findings };
  return { ok: false, message, diagnosis };
}
