/**
 * The plugin on its node during one attempt: what is known about it, and the calls that change it.
 * The attempt decides what to do and when.
 */
import type { Started } from "../../diagnose/on-demand.js";
import { Failure } from "../../errors/failure.js";
import type { Target } from "../../events/reload-target.js";
import type { Emit } from "../../events/watch-events.js";
import { stopPlugin } from "../../node/plugins/plugin-command.js";
import { isRunning, type ProcessIdentity } from "../../node/plugins/plugin-processes.js";
import { readRunningOptions } from "../../node/plugins/running-options.js";
import type { StartOption } from "../../node/plugins/start-options.js";
import { NodeUnreachable, RpcError } from "../../node/rpc/errors.js";
import type { PluginFile } from "../../plugin/file/plugin-file.js";
import { isAtStart, removeStoppedFront } from "../hot/front-files.js";
import { HotPlugin, notForHotMode } from "../hot/hot-plugin.js";
import type { TraceSource } from "../hot/trace-source.js";
import {
  type InheritedOptions,
  sameOptions,
  startOptionsFor,
} from "./options/inherited-options.js";
import { startWithRetry } from "./start/start-plugin.js";
import { findRunning } from "./stop/find-running.js";
import { stopHungPlugin } from "./stop/stop-hung-plugin.js";

/** What is known about the plugin on the node between two attempts. */
export type PluginState =
  /** Ask the node. `byOthers`: if the plugin runs, it was started outside this session. */
  | { readonly is: "unknown"; readonly byOthers?: boolean }
  | { readonly is: "stopped" }
  /** `started` is known if this session started it. */
  | {
      readonly is: "running";
      /** The path in the node's list: a front, in hot mode. */
      readonly path: string;
      readonly started?: Started;
      /** Its host, in hot mode. */
      readonly hot?: HotPlugin;
    }
  /** A start has not finished: this session's or someone else's. */
  | { readonly is: "starting"; readonly path: string }
  /** A stop of this session has not finished, or its answer was not awaited. */
  | { readonly is: "stopping"; readonly path: string };

export class PluginOnNode {
  state: PluginState;
  inherited: InheritedOptions;
  readonly #target: Target;
  readonly #emit: Emit;
  readonly #trace: TraceSource | undefined;
  /** The options the previous version was started with. */
  previousOptions: readonly StartOption[] | undefined;
  #hot: HotPlugin | undefined;
  readonly #signal: AbortSignal;
  readonly #abandoned: AbortSignal;
  /** Whether the node runs the plugin and it must not be stopped. */
  #mustStay = false;
  #byOthers = false;

  /**
   * @param signal aborted by a newer change
   * @param abandoned aborted when nobody waits for the result any more: the node is left to finish
   */
  constructor(
    target: Target,
    state: PluginState,
    inherited: InheritedOptions,
    { emit, trace }: { readonly emit: Emit; readonly trace: TraceSource | undefined },
    { signal, abandoned }: { readonly signal: AbortSignal; readonly abandoned: AbortSignal },
  ) {
    this.#target = target;
    this.#emit = emit;
    this.#trace = trace;
    if (state.is === "running") {
      this.#hot = state.hot;
      this.previousOptions = state.started?.options;
    }
    this.state = state;
    this.inherited = inherited;
    this.#signal = signal;
    this.#abandoned = abandoned;
  }

  /** Whether a previous version runs. */
  get runs(): boolean {
    return this.state.is === "running" || this.#mustStay;
  }

  /**
   * Finds out what the node runs of the plugin, unless that is known and still true.
   * @param processes those that the node started for the running version; empty if unknown
   * @throws Failure: it runs and must not be stopped
   * @throws RpcError, NodeUnreachable
   */
  async find(file: PluginFile, processes: readonly ProcessIdentity[]): Promise<void> {
    if (this.#target.plugin.hot) {
      this.#hot ??= new HotPlugin(this.#target, file, this.#emit, this.#trace);
      // The front must be writable before the node is asked to stop anything.
      if (!this.#hot.connected) this.#hot.prepare();
    }
    if (this.state.is !== "unknown" && (await this.#isAsBelieved(processes))) return;
    const byOthers = this.state.is !== "unknown" || this.state.byOthers === true;
    this.state = { is: "unknown", byOthers };
    const path = file.realPath;
    try {
      const found = await findRunning(this.#target, path, this.inherited, byOthers, this.#signal);
      this.#byOthers = byOthers && found.is === "running";
      this.inherited = found.inherited;
      if (found.is === "hanging") this.state = { is: "starting", path: found.path };
      else if (found.is === "absent") this.state = { is: "stopped" };
      else this.state = await this.#running(found.path, file);
    } catch (error) {
      this.#mustStay = error instanceof Failure && !(error instanceof NodeUnreachable);
      throw error;
    }
  }

  /** Whether the running version was started outside this session. */
  get byOthers(): boolean {
    return this.#byOthers;
  }

  /** Whether the plugin is as this session left it. It may have been restarted by hand since. */
  async #isAsBelieved(processes: readonly ProcessIdentity[]): Promise<boolean> {
    const { state } = this;
    if (state.is === "stopped") return false;
    if (state.is === "running" && state.hot !== undefined) return state.hot.connected;
    if (state.is !== "running" || state.started === undefined) return true;
    if (processes.length > 0) return processes.every(isRunning);
    const { rpcFile } = this.#target.node;
    const { started } = await readRunningOptions(rpcFile, state.path, { signal: this.#signal });
    return sameOptions(started, state.started.options);
  }

  /** The host that takes the new version, in hot mode. */
  get hot(): HotPlugin | undefined {
    return this.state.is === "running" && this.#hot?.connected ? this.#hot : undefined;
  }

  /** The path of the running plugin in the node's list. */
  get listedAs(): string | undefined {
    return this.state.is === "running" ? this.state.path : undefined;
  }

  /** Called when the front was replaced. @param path that of the new front */
  listed(path: string): void {
    if (this.state.is === "running") this.state = { ...this.state, path };
  }

  /** Called when a new version has taken over, in hot mode. */
  tookOver(started: Started): void {
    if (this.state.is === "running") this.state = { ...this.state, started };
    this.#hot?.setStarted(started, this.#abandoned);
  }

  async #running(path: string, file: PluginFile): Promise<PluginState> {
    const hot = this.#hot;
    if (hot === undefined || path === file.realPath) return { is: "running", path };
    const problem = await hot.connect();
    if (problem === undefined) return { is: "running", path, hot };
    if (isAtStart(path)) throw hostOfNodeIsLost(file.realPath);
    if (problem === "other-release") {
      const message = `${this.#target.name.plugin} runs in hot mode under another release of cln-dev: restarting it under this one`;
      this.#emit({ event: "notice", level: "info", message });
    }
    return { is: "running", path };
  }

  /**
   * Returns the options to send with the start.
   * @throws Failure (exit code 2): a value that cannot be passed on
   */
  async startOptions(file: PluginFile): Promise<readonly StartOption[]> {
    const { options, inherited } = await startOptionsFor(
      this.#target,
      file,
      this.inherited,
      this.#signal,
    );
    this.inherited = inherited;
    return options;
  }

  /**
   * Stops the old version.
   * @param begin called before the node is asked to stop it
   * @param isShared whether another session may be starting it: that start is then ended
   * @returns how long the node took, in ms; undefined if there was nothing to stop
   * @throws RpcError, NodeUnreachable
   */
  async stop(begin: () => void, isShared: boolean): Promise<number | undefined> {
    const { state } = this;
    if (state.is === "unknown" || state.is === "stopped") return undefined;
    begin();
    const at = performance.now();
    const signal = this.#abandoned;
    const { path } = state;
    this.state = { is: "stopping", path };
    if (state.is === "running" && !isShared)
      await stopPlugin(this.#target.node.rpcFile, path, { signal });
    else await stopHungPlugin(this.#target, path, signal);
    if (this.#hot === undefined) await removeStoppedFront(path);
    this.state = { is: "stopped" };
    return performance.now() - at;
  }

  /**
   * Starts the new version.
   * @returns how long the node took, in ms
   * @throws RpcError, NodeUnreachable
   */
  async start(started: Started, nextHint: (ms: number) => Promise<void>): Promise<number> {
    const { file, options } = started;
    const hot = this.#hot;
    const path = hot?.folder.front ?? file.realPath;
    this.state = { is: "starting", path };
    try {
      const start = {
        target: this.#target,
        path,
        options,
        signal: this.#signal,
        abandoned: this.#abandoned,
        nextHint,
      };
      const startMs = await startWithRetry(start);
      await hot?.connect();
      hot?.setStarted(started, this.#abandoned);
      this.state = { is: "running", path, started, ...(hot === undefined ? {} : { hot }) };
      return startMs;
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      this.state = { is: "stopped" };
      if (hot !== undefined && /No such file or directory|Permission denied/.test(error.message)) {
        const why = "it cannot see this user's files: it runs in a container or a chroot";
        throw notForHotMode(this.#target.node.rpcFile, `${why} (${error.message})`);
      }
      // The node's message names the front; the user knows the plugin.
      const { method, code, data } = error;
      throw new RpcError(method, code, error.message.replaceAll(path, file.realPath), data);
    }
  }
}

function hostOfNodeIsLost(path: string): Failure {
  return new Failure({
    kind: "hot-host",
    what: `${path} was started by the node in hot mode, but its host cannot be used`,
    why: "it does not answer, belongs to another release of cln-dev, or its front was made for another node",
    fix: "Put what cln-dev hot-path prints for this node into its config, and restart it",
    exitCode: 1,
  });
}
