/**
 * Finds what a reload changed for the plugin's users. If a handshake was made anyway (`--safe`), it
 * compares the manifests, hooks and subscriptions included. Otherwise it compares what the node
 * shows of the plugin (`help`, `listconfigs`), rather than run the plugin a second time.
 */
import { type Changes, hasChanges } from "../../diagnose/changes/changes.js";
import { manifestChanges } from "../../diagnose/changes/manifest-diff.js";
import {
  readVisibleApi,
  type VisibleApi,
  visibleChanges,
} from "../../diagnose/changes/visible-api.js";
import type { Started } from "../../diagnose/on-demand.js";
import type { Target } from "../../events/reload-target.js";
import type { Manifest } from "../../plugin/manifest/manifest.js";

/** What one version of a plugin showed. */
export interface Shown {
  readonly surface: VisibleApi;
  readonly manifest: Manifest | undefined;
}

const ASK_TIMEOUT_MS = 10_000;

/** Reads what the running version shows; undefined if the node did not answer. */
export async function readShown(
  { node }: Target,
  running: { readonly path: string; readonly started?: Started },
  signal: AbortSignal,
): Promise<Shown | undefined> {
  try {
    const options = { timeoutMs: ASK_TIMEOUT_MS, signal };
    const surface = await readVisibleApi(node.rpcFile, running.path, options);
    return { surface, manifest: running.started?.manifest };
  } catch {
    // The comparison is only an extra: the next reload tries again.
    return undefined;
  }
}

/**
 * Compares what two versions of a plugin showed.
 * @param methodsToo whether an added or removed method can only be this plugin's. This is never in
 *   doubt for options (`listconfigs` shows whose they are) or a manifest.
 * @returns undefined if nothing changed
 */
export function versionChanges(
  before: Shown,
  now: Shown,
  methodsToo: boolean,
): Changes | undefined {
  const changes =
    before.manifest !== undefined && now.manifest !== undefined
      ? manifestChanges(before.manifest, now.manifest)
      : visibleChanges(before.surface, now.surface, methodsToo);
  return hasChanges(changes) ? changes : undefined;
}
