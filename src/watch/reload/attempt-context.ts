/** What the steps of one reload share: its options, its progress, and the plugin on its node. */
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
  /** Identifies the node. @throws Failure: the node must not be touched; NodeUnreachable */
  readonly identify: (signal: AbortSignal) => Promise<NodeFacts>;
  /** Files that changed since the last start; undefined if unknown. */
  readonly changedFiles: () => readonly string[] | undefined;
  /** Called when a start is sent: files that change from then on count as changed since it. */
  readonly onStart: () => void;
  /** Where the last start kept the plugin's Python bytecode, besides `__pycache__`. */
  readonly pycachePrefixes: readonly string[];
  /** The processes that the node started for the running version; empty if unknown. */
  readonly processes: readonly ProcessIdentity[];
  /** Whether another watch session starts the same plugin on the same node. */
  readonly isShared: () => boolean;
  /** What the plugin has written to stderr since its start was sent, if that can be read. */
  readonly stderr: () => string | undefined;
  /** Called when the start takes long: output that was held back can then be shown. */
  readonly onSlowStart: () => void;
  /** A hash of the last build's result, which the node started; undefined if unknown. */
  readonly runningContent: Promise<string | undefined>;
  readonly burst: Burst;
  /** Whether the plugin is known to start slowly. */
  readonly slow: boolean;
  /** Resolves at the next change, or after `ms`. */
  readonly nextHint: (ms: number) => Promise<void>;
}

export interface AttemptContext {
  readonly options: ReloadAttemptOptions;
  readonly progress: AttemptProgress;
  readonly node: PluginOnNode;
  /** Aborted when the attempt is superseded or abandoned. */
  readonly over: AbortSignal;
}

/** Emits a notice of the level `warn`. */
export function warn({ options }: AttemptContext, message: string): void {
  options.emit({ event: "notice", level: "warn", message });
}

/**
 * Waits until writes have stopped, before a failure is reported.
 * @throws Superseded: the file is no longer the one that was tried
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
