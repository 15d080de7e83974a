/**
 * The last step of a reload: the node starts the new version. A failed start is explained. If the
 * previous version or another session is in the way, the start is tried a second time.
 */
import { diagnoseStart, markStderrOf, type Started } from "../../../diagnose/on-demand.js";
import { failed, unreachable } from "../../../events/outcomes.js";
import type { Outcome } from "../../../events/watch-events.js";
import { listPlugins } from "../../../node/plugins/plugin-command.js";
import type { StartOption } from "../../../node/plugins/start-options.js";
import { NodeUnreachable, RpcError } from "../../../node/rpc/errors.js";
import type { PluginFile } from "../../../plugin/file/plugin-file.js";
import type { Manifest } from "../../../plugin/manifest/manifest.js";
import type { FileSnapshot } from "../../files/file-snapshot.js";
import { type AttemptContext, untilSure } from "../attempt-context.js";
import { onNode } from "../slow-node-notice.js";
import type { SettledPlugin } from "./settle-plugin.js";
import { reportSlowStart } from "./slow-start-notice.js";

/** How long an address that the previous version held may take to become free, in ms. */
const IN_USE_RETRY_MS = 1_000;
/** How long another session with the same plugin may take to start it, in ms. */
const OTHER_SESSION_MS = 3_000;
const POLL_MS = 50;

/** Describes a start that is about to be sent. */
export function startedNow(
  { options: { target } }: AttemptContext,
  file: PluginFile,
  options: readonly StartOption[],
  manifest: Manifest | undefined,
): Started {
  const since = new Date();
  return { target, file, options, since, stderrMark: markStderrOf(target.node), manifest };
}

export class StartStep {
  readonly #context: AttemptContext;
  readonly #manifest: Manifest | undefined;
  #hasRetried = false;
  /** The plugin file as it was when the node died of it. */
  deadly: FileSnapshot | undefined;

  /** @param manifest the new version's manifest from an offline check, if there was one */
  constructor(context: AttemptContext, manifest: Manifest | undefined) {
    this.#context = context;
    this.#manifest = manifest;
  }

  /**
   * Starts the plugin.
   * @returns how long the node took, in ms, or the outcome if the start failed
   * @throws Superseded
   */
  async run(plugin: SettledPlugin, options: readonly StartOption[]): Promise<number | Outcome> {
    const { file, snapshot } = plugin;
    const { progress, node } = this.#context;
    progress.begin("start");
    const started = startedNow(this.#context, file, options, this.#manifest);
    const { emit, slow, stderr, onSlowStart, nextHint, isShared } = this.#context.options;
    const endNotice = slow
      ? undefined
      : reportSlowStart(started, emit, progress.newer, { stderr, onSlow: onSlowStart });
    try {
      const startMs = await onNode(this.#context, "start", file.realPath, () =>
        node.start(started, nextHint),
      ).finally(() => endNotice?.());
      progress.verify(snapshot);
      return startMs;
    } catch (error) {
      progress.throwIfSuperseded();
      if (error instanceof NodeUnreachable && error.reason === "closed") {
        return await this.#nodeDied(started, snapshot, error);
      }
      if (!(error instanceof RpcError)) throw error;
      // The other session may have stopped it, and be starting it now.
      const from = performance.now();
      if (isShared() && (await this.#isStartedByOther(plugin))) return performance.now() - from;
      return await this.#diagnose(started, plugin, error);
    }
  }

  /** Waits a moment, and returns whether another session has started the plugin. */
  async #isStartedByOther({ file, snapshot }: SettledPlugin): Promise<boolean> {
    const { options, progress, node, over } = this.#context;
    const path = file.realPath;
    const until = performance.now() + OTHER_SESSION_MS;
    while (performance.now() < until) {
      await options.nextHint(POLL_MS);
      progress.verify(snapshot);
      const plugins = await listPlugins(options.target.node.rpcFile, { signal: over });
      if (!plugins.some(({ name, active }) => name === path && active)) continue;
      node.state = { is: "running", path };
      return true;
    }
    return false;
  }

  /** Explains a start during which the node went away: a plugin can crash it. */
  async #nodeDied(
    started: Started,
    snapshot: FileSnapshot,
    error: NodeUnreachable,
  ): Promise<Outcome> {
    const { options, progress, node } = this.#context;
    progress.begin("diagnose");
    node.state = { is: "unknown" };
    const diagnosis = await diagnoseStart(started, error, progress.newer);
    if (diagnosis.killsNode) this.deadly = snapshot;
    return unreachable(options.target.name, error, diagnosis);
  }

  async #diagnose(
    started: Started,
    plugin: SettledPlugin,
    error: RpcError,
  ): Promise<number | Outcome> {
    const { options, progress } = this.#context;
    progress.begin("diagnose");
    const diagnosis = await diagnoseStart(started, error, progress.newer);
    if (!this.#hasRetried && diagnosis.addressInUse) {
      // The previous version may not have released the address yet.
      this.#hasRetried = true;
      await options.nextHint(IN_USE_RETRY_MS);
      progress.verify(plugin.snapshot);
      return await this.run(plugin, started.options);
    }
    await untilSure(this.#context, plugin.snapshot);
    return failed(options.target.name, progress.change, "start", error, diagnosis, false);
  }
}
