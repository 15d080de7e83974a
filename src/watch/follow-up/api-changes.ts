/**
 * What a reload changed for the plugin's users. If a handshake was made anyway (`--safe`) the
 * manifests are compared, hooks and subscriptions included; otherwise what the node shows of the
 * plugin (`help`, `listconfigs`): the plugin is not run a second time for it.
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

/** What one version showed. */
export interface Shown {
  readonly surface: VisibleApi;
  readonly manifest: Manifest | undefined;
}

const ASK_TIMEOUT_MS = 10_000;

/** What the running version shows; undefined if the node did not answer. */
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
    // This is only an extra: the next reload compares again.
    return undefined;
  }
}

/**
 * Compares what two versions of a plugin showed.
 * @param methodsToo whether an added or removed method can only be this plugin's. Its options are
 *   known from `listconfigs`, and its manifest is its own.
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
