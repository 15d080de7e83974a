/**
 * Watches whether a node is running, with a connection that closes when the node ends, and by
 * polling its plugins. While it is gone, polls until it is back and has started.
 */
import type { Socket } from "node:net";
import { messageOf } from "../../errors/failure.js";
import {
  type ListedPlugin,
  listPlugins,
  listPluginsOn,
} from "../../node/plugins/plugin-command.js";
import { NodeUnreachable } from "../../node/rpc/errors.js";
import { connectUnix } from "../../node/rpc/unix-socket.js";

export interface NodeMonitorOptions {
  readonly rpcFile: string;
  /** Called once when the node is gone. */
  readonly onGone: (message: string) => void;
  /** Called when it answers again and all its plugins have started. */
  readonly onBack: (plugins: readonly ListedPlugin[], goneMs: number) => void;
  /** Called after each poll, with the plugins that it lists. */
  readonly onPlugins: (plugins: readonly ListedPlugin[], askedAt: number) => void;
}

/** How often the plugins are polled, in ms: a dead plugin is noticed within two seconds. */
const POLL_MS = 1_500;
const RECONNECT_MS = 100;
/** How long to wait for the plugins of a node that is back to become active, in ms. */
const STARTING_MAX_MS = 30_000;

export class NodeMonitor {
  readonly #options: NodeMonitorOptions;
  #connection: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #goneAt: number | undefined;
  #answeredAt: number | undefined;
  #asking: Promise<void> | undefined;
  /** Whether a check is due: if a poll is under way, the check follows it at once. */
  #isCheckDue = false;
  #closed = false;
  readonly #end = new AbortController();

  constructor(options: NodeMonitorOptions) {
    this.#options = options;
  }

  get gone(): boolean {
    return this.#goneAt !== undefined;
  }

  /** Starts watching a node that has just answered. */
  watch(): void {
    this.#connect();
    this.#next(POLL_MS);
  }

  /** Checks at once whether the node is running, because a call had no answer. */
  checkNow(): void {
    if (this.gone) return;
    this.#isCheckDue = true;
    this.#next(0);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#end.abort();
    clearTimeout(this.#timer);
    this.#connection?.destroy();
    await this.#asking;
  }

  #connect(): void {
    if (this.#closed) return;
    this.#connection?.destroy();
    try {
      const connection = connectUnix(this.#options.rpcFile);
      this.#connection = connection;
      connection.on("error", () => {});
      connection.on("close", () => {
        const mine = this.#connection === connection;
        if (mine && !this.#closed) this.#lost("it closed the connection");
      });
      connection.resume();
    } catch {
      // The socket's folder is gone: the next poll reports that.
    }
  }

  #next(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      // One poll at a time, on one connection: the end of a poll schedules the next.
      this.#asking ??= this.#ask().finally(() => {
        this.#asking = undefined;
        this.#next(this.gone ? RECONNECT_MS : this.#isCheckDue ? 0 : POLL_MS);
      });
    }, ms);
  }

  async #ask(): Promise<void> {
    const askedAt = performance.now();
    const isCheckedNow = this.#isCheckDue;
    this.#isCheckDue = false;
    try {
      const plugins = await this.#list(isCheckedNow);
      if (this.#closed) return;
      if (this.gone) this.#answered(plugins);
      else this.#options.onPlugins(plugins, askedAt);
    } catch (error) {
      if (this.#closed) return;
      if (error instanceof NodeUnreachable && error.reason !== "silent") {
        this.#lost(error.why ?? messageOf(error));
      } else {
        // A late answer on the old connection could be taken for the next poll's.
        this.#connect();
      }
    }
  }

  /**
   * Lists the plugins over the open connection, which is the cheapest way to poll.
   * @param isNew whether to use a new connection: the open one may still work when another node, or
   *   none, listens at the socket's path
   */
  #list(isNew: boolean): Promise<ListedPlugin[]> {
    const { rpcFile } = this.#options;
    const options = { timeoutMs: 5_000, signal: this.#end.signal };
    const connection = this.#connection;
    if (isNew || connection === undefined || connection.destroyed)
      return listPlugins(rpcFile, options);
    return listPluginsOn(connection, rpcFile, options);
  }

  #lost(message: string): void {
    this.#answeredAt = undefined;
    if (this.gone) return;
    this.#goneAt = performance.now();
    this.#connection?.destroy();
    this.#connection = undefined;
    this.#options.onGone(message);
    this.#next(RECONNECT_MS);
  }

  #answered(plugins: readonly ListedPlugin[]): void {
    this.#answeredAt ??= performance.now();
    const starting = plugins.some((plugin) => !plugin.active);
    if (starting && performance.now() - this.#answeredAt < STARTING_MAX_MS) return;
    const goneMs = performance.now() - (this.#goneAt ?? performance.now());
    this.#goneAt = undefined;
    this.#connect();
    this.#options.onBack(plugins, goneMs);
  }
}
