/**
 * `--safe`: the new version must pass its handshake offline before the old one is stopped. Without it,
 * only what looks as if it would take the node down is tried so.
 */

import type { Diagnosis } from "../../../events/outcomes.js";
import type { Target } from "../../../events/reload-target.js";
import type { StartOption } from "../../../node/plugins/start-options.js";
import type { PluginFile } from "../../../plugin/file/plugin-file.js";
import type { Manifest } from "../../../plugin/manifest/manifest.js";
import { BUSY_MAX_MS, BUSY_RETRY_MS, isFileBusy } from "./start-plugin.js";

export type Verdict =
  | {
      readonly ok: true;
      readonly manifest: Manifest | undefined;
      readonly note: string | undefined;
    }
  | { readonly ok: false; readonly message: string; readonly diagnosis: Diagnosis };

export interface CheckOptions {
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

/** Never throws. */
export async function checkFirst(options: CheckOptions): Promise<Verdict> {
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
