/**
 * `--safe`: the new version must pass its handshake offline before the old one is stopped. Without
 * the flag, only a version that looks as if it would crash the node is checked.
 */
import { mayDropOption } from "../../../diagnose/evidence/dropped-option.js";
import { failed } from "../../../events/outcomes.js";
import type { Outcome } from "../../../events/watch-events.js";
import type { StartOption } from "../../../node/plugins/start-options.js";
import type { Manifest } from "../../../plugin/manifest/manifest.js";
import { type AttemptContext, untilSure } from "../attempt-context.js";
import type { SettledPlugin } from "./settle-plugin.js";
import { removeStaleBytecodeOf } from "./stale-bytecode.js";
import { BUSY_MAX_MS, BUSY_RETRY_MS, isFileBusy } from "./start-plugin.js";

/**
 * Checks the new version if `--safe` asks for it, or if it may crash the node.
 * @param version returns the node's version
 * @returns the outcome if the check fails; else the manifest, if the plugin was asked for it
 * @throws Superseded
 */
export async function checkBeforeStop(
  context: AttemptContext,
  { file, snapshot }: SettledPlugin,
  options: readonly StartOption[],
  version: () => Promise<string>,
): Promise<{ readonly outcome: Outcome } | { readonly manifest: Manifest | undefined }> {
  const { node, progress } = context;
  const { target, nextHint } = context.options;
  const { shapes } = node.inherited;
  const configured = [...(shapes ?? [])].filter(([, { isConfigured }]) => isConfigured);
  const names = configured.map(([name]) => name);
  // Even without `--safe`, look for what would crash the node, if that costs nothing.
  const isSuspect =
    names.length > 0 && mayDropOption(file, names, options.length > 0, await version());
  if (!target.plugin.safe && !isSuspect) return { manifest: undefined };
  const release = await version();
  await removeStaleBytecodeOf(context, file);
  progress.begin("check");
  const signal = progress.newer;
  const running = node.runs;
  const { preflight } = await import("../../../diagnose/preflight.js");
  const run = () =>
    preflight({ node: target.node, file, options, running, version: release, signal });
  const until = performance.now() + BUSY_MAX_MS;
  let result = await run();
  while (!result.ok && isFileBusy(result.message) && performance.now() < until) {
    if (signal.aborted) break;
    await nextHint(BUSY_RETRY_MS);
    result = await run();
  }
  progress.verify(snapshot);
  if (result.ok) return { manifest: result.handshake.manifest };
  // Without `--safe`, leave it to the node to refuse whatever does not crash it.
  if (!target.plugin.safe && !result.crashes) return { manifest: undefined };
  await untilSure(context, snapshot);
  const { explanation, findings, message } = result;
  const diagnosis = { reason: explanation?.reason, fix: explanation?.fix, findings };
  const error = new Error(message);
  return { outcome: failed(target.name, progress.change, "check", error, diagnosis, running) };
}
