/**
 * The plugin on its node during one attempt: what is believed of it, and the calls that change that.
 * The attempt decides what is done and when.
 */

import type { Started } from "../../diagnose/on-demand.js";
import { Failure } from "../../errors/failure.js";
import type { Target } from "../../events/reload-target.js";
import { stopPlugin } from "../../node/plugins/plugin-command.js";
import type { StartOption } from "../../node/plugins/start-options.js";
import { NodeUnreachable, RpcError } from "../../node/rpc/errors.js";
import type { PluginFile } from "../../plugin/file/plugin-file.js";
import { findRunning, stopHungPlugin } from "./find-and-stop.js";
import { type InheritedOptions, startOptionsFor } from "./inherited-options.js";
import { startWithRetry } from "./start-plugin.js";

/** What is believed of the plugin on the node between two attempts. */
export type PluginState =
  /** Nothing: the node is asked. */
  | { readonly is: "unknown" }
  | { readonly is: "stopped" }
  /** `started` is known where it was us who started it. */
  | { readonly is: "running"; readonly path: string; readonly started?: Started }
  /** A start has not ended: one of ours, or somebody else's. */
  | { readonly is: "starting"; readonly path: string }
  /** A stop of ours has not ended, or its answer was not waited for. */
  | { readonly is: "stopping"; readonly path: string };

export class PluginOnNode {
  state: PluginState;
  kept: InheritedOptions;
  readonly #target: Target;
  readonly #signal: AbortSignal;
  readonly #leave: AbortSignal;
  /** The node runs the plugin, and it must not be stopped. */
  #mustStay = false;

  /**
   * @param signal a newer change has come
   * @param leave nobody wants it any more: what the node does is left to it
   */
  constructor(
    target: Target,
    state: PluginState,
    kept: InheritedOptions,
    { signal, leave }: { readonly signal: AbortSignal; readonly leave: AbortSignal },
  ) {
    this.#target = target;
    this.state = state;
    this.kept = kept;
    this.#signal = signal;
    this.#leave = leave;
  }

  /** Whether an earlier version runs. */
  get runs(): boolean {
    return this.state.is === "running" || this.#mustStay;
  }

  /**
   * Learns what the node runs of the plugin, where that is not known.
   * @throws Failure: it runs and must not be stopped
   * @throws RpcError, NodeUnreachable
   */
  async find(file: PluginFile): Promise<void> {
    if (this.state.is !== "unknown") return;
    const path = file.realPath;
    try {
      const found = await findRunning(this.#target, path, this.kept, this.#signal);
      this.kept = found.kept;
      if (found.is === "hanging") this.state = { is: "starting", path };
      else this.state = found.is === "running" ? { is: "running", path } : { is: "stopped" };
    } catch (error) {
      this.#mustStay = error instanceof Failure && !(error instanceof NodeUnreachable);
      throw error;
    }
  }

  /** What the start is sent. @throws Failure (exit code 2): a value that cannot be passed on */
  async startOptions(file: PluginFile): Promise<readonly StartOption[]> {
    const { options, kept } = await startOptionsFor(this.#target, file, this.kept, this.#signal);
    this.kept = kept;
    return options;
  }

  /**
   * The old version goes.
   * @param begin called before the node is asked for that
   * @returns how long the node took, ms; undefined where there was nothing to stop
   * @throws RpcError, NodeUnreachable
   */
  async stop(begin: () => void): Promise<number | undefined> {
    const { state } = this;
    if (state.is === "unknown" || state.is === "stopped") return undefined;
    begin();
    const at = performance.now();
    const signal = this.#leave;
    const { path } = state;
    this.state = { is: "stopping", path };
    if (state.is === "running") await stopPlugin(this.#target.node.rpcFile, path, { signal });
    else await stopHungPlugin(this.#target, path, signal);
    this.state = { is: "stopped" };
    return performance.now() - at;
  }

  /**
   * The new version comes.
   * @returns how long the node took, ms
   * @throws RpcError, NodeUnreachable
   */
  async start(started: Started, nextHint: (ms: number) => Promise<void>): Promise<number> {
    const { file, options } = started;
    const path = file.realPath;
    this.state = { is: "starting", path };
    try {
      const up = {
        target: this.#target,
        path,
        options,
        signal: this.#signal,
        leave: this.#leave,
        nextHint,
      };
      const startMs = await startWithRetry(up);
      this.state = { is: "running", path, started };
      return startMs;
    } catch (error) {
      if (error instanceof RpcError) this.state = { is: "stopped" };
      throw error;
    }
  }
}
