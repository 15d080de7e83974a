/** What the steps of one reload share: what it was made with, how far it is, and the plugin on its node. */

import type { NodeFacts } from "../../events/watch-events.js";
import type { ProcessIdentity } from "../../node/plugins/plugin-processes.js";
import type { FileSnapshot } from "../files/file-snapshot.js";
import { waitUntilQuiet } from "../files/wait-until-stable.js";
import type { TraceSource } from "../hot/trace-source.js";
import type { InheritedOptions } from "./options/inherited-options.js";
import type { PluginOnNode, PluginState } from "./plugin-on-node.js";
import type { AttemptProgress, ProgressOptions } from "./supersede/attempt-progress.js";
import type { Burst } from "./supersede/burst.js";

export interface ReloadAttemptOptions extends ProgressOptions {
  readonly state: PluginState;
  readonly trace: TraceSource | undefined;
  readonly inherited: InheritedOptions;
  /** @throws Failure: the node must not be touched; NodeUnreachable */
  readonly identify: (signal: AbortSignal) => Promise<NodeFacts>;
  /** Files that changed since the last start; undefined if that is not known. */
  readonly changedFiles: () => readonly string[] | undefined;
  /** A start is sent now: what changes from here on has changed since. */
  readonly onStart: () => void;
  /** Where the plugin's last start had its Python bytecode beside `__pycache__`. */
  readonly pycachePrefixes: readonly string[];
  /** What the node has started of the version that runs; empty if that is not known. */
  readonly processes: readonly ProcessIdentity[];
  /** Another watch session starts the same plugin on the same node. */
  readonly isShared: () => boolean;
  /** What the plugin has written to stderr since its start was sent, if that is heard. */
  readonly stderr: () => string | undefined;
  /** The start takes long: what was held back can be shown. */
  readonly onSlowStart: () => void;
  /** What the last build made that was started; undefined if that is not known. */
  readonly runningContent: Promise<string | undefined>;
  readonly burst: Burst;
  /** It is known to take long for its start. */
  readonly slow: boolean;
  /** Resolves at the next change, or after so many ms. */
  readonly nextHint: (ms: number) => Promise<void>;
}

export interface AttemptContext {
  readonly options: ReloadAttemptOptions;
  readonly progress: AttemptProgress;
  readonly node: PluginOnNode;
  /** Aborted when the attempt is superseded, or nobody wants it any more. */
  readonly over: AbortSignal;
}

/** A notice of the level `warn`. */
export function warn({ options }: AttemptContext, message: string): void {
  options.emit({ event: "notice", level: "warn", message });
}

/**
 * A failure is reported when nothing more is being written.
 * @throws Superseded: the file is no longer as it was tried
 */
export async function untilSure(
  { options, progress }: AttemptContext,
  snapshot: FileSnapshot,
): Promise<void> {
  const check = () => progress.verify(snapshot);
  const { nextHint, burst, target } = options;
  await waitUntilQuiet(target.plugin.path, nextHint, check);
  await burst.untilQuiet(nextHint, check);
  progress.absorb();
}
