/**
 * A watch session: plugins on nodes, each kept at its latest version. It puts the sources (files,
 * control socket, nodes) before the reloaders and hands on what they say; keys and signals come in
 * through its methods. It knows nothing of terminals.
 */
import { stopPlugin } from "../node/plugin-command.js";
import { shownValue } from "../plugin/secret-options.js";
import type { NodeAddress, PluginSettings } from "../settings/types.js";
import type { SessionTarget } from "./control-client.js";
import { controlFolder } from "./control-folder.js";
import { ControlServer } from "./control-server.js";
import type { Cause, Emit, NodeFacts, Outcome } from "./events.js";
import { FileSource } from "./file-source.js";
import { Reloader } from "./reloader.js";
import { targetOf } from "./target.js";
import { WatchedNode } from "./watched-node.js";

export interface SessionOptions {
  /** At least one. */
  readonly plugins: readonly PluginSettings[];
  /** At least one. */
  readonly nodes: readonly NodeAddress[];
  /** The node is the embedded one, of this very process. */
  readonly embedded: boolean;
  readonly onEvent: Emit;
  /** Look at the files every so many ms instead of waiting for the system's events. */
  readonly pollMs?: number;
}

/** Which targets a restart is about; an absent member stands for all. */
export interface RestartFilter {
  /** The plugin's path, absolute, with or without its symlinks resolved. */
  readonly path?: string | undefined;
  readonly rpcFiles?: readonly string[] | undefined;
}

export class Session {
  readonly #options: SessionOptions;
  readonly #nodes: readonly WatchedNode[];
  #files: readonly FileSource[] = [];
  #control: ControlServer | undefined;
  #first: Promise<Outcome[]> = Promise.resolve([]);

  private constructor(options: SessionOptions) {
    this.#options = options;
    const { plugins, onEvent } = options;
    this.#nodes = options.nodes.map((address) => {
      const reloadersOf = (node: WatchedNode) =>
        plugins.map((plugin) => {
          const hooks = { emit: onEvent, onUnreachable: () => node.suspect() };
          return new Reloader(targetOf(plugin, address), hooks);
        });
      return new WatchedNode(address, reloadersOf, onEvent);
    });
  }

  /**
   * Meets the nodes, begins to watch the files, and then to reload every plugin once: what comes of
   * that is in {@link first}.
   * @throws Failure: a node that is not there or not to be touched, a control folder that is not ours
   */
  static async open(options: SessionOptions): Promise<Session> {
    const session = new Session(options);
    try {
      await session.#open();
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** The outcomes of the session's first reload, one for each target. */
  get first(): Promise<Outcome[]> {
    return this.#first;
  }

  get targets(): readonly SessionTarget[] {
    return this.#reloaders.map(({ target, realPath }) => ({
      path: target.name.path,
      realPath,
      rpcFile: target.node.rpcFile,
      lightningDir: target.node.lightningDir,
    }));
  }

  /** Reloads what the filter names, whether or not it has changed. @returns an outcome for each target */
  restart(cause: Cause, filter: RestartFilter = {}): Promise<Outcome[]> {
    const { path, rpcFiles } = filter;
    const wanted = this.#reloaders.filter(({ target, realPath }) => {
      if (rpcFiles && !rpcFiles.includes(target.node.rpcFile)) return false;
      return path === undefined || path === target.name.path || path === realPath;
    });
    return Promise.all(wanted.map((reloader) => reloader.request(cause)));
  }

  /** Ends the session; the plugins go on running unless they are to be stopped. */
  async close(stopPlugins = false): Promise<void> {
    await Promise.all(this.#files.map((source) => source.close()));
    await this.#control?.close();
    await Promise.all(this.#nodes.map((node) => node.close()));
    if (!stopPlugins) return;
    const stops = this.#reloaders.map(({ belief, target }) =>
      belief.is === "running" ? stopPlugin(target.node.rpcFile, belief.path) : undefined,
    );
    // A node that is gone has stopped its plugins.
    await Promise.allSettled(stops);
  }

  get #reloaders(): readonly Reloader[] {
    return this.#nodes.flatMap((node) => node.reloaders);
  }

  async #open(): Promise<void> {
    const { plugins, onEvent } = this.#options;
    const opening = Promise.all(plugins.map((plugin) => this.#openFiles(plugin)));
    const [nodes, files] = await Promise.allSettled([
      Promise.all(this.#nodes.map((node) => node.meet())),
      opening,
    ]);
    if (files.status === "fulfilled") this.#files = files.value;
    if (files.status === "rejected") throw files.reason;
    if (nodes.status === "rejected") throw nodes.reason;
    this.#control = await ControlServer.open(controlFolder(), {
      status: () => ({ pid: process.pid, targets: this.targets }),
      restart: async (params) => ({ outcomes: await this.restart("command", readFilter(params)) }),
    });
    onEvent(this.#watching(nodes.value, this.#control.path));
    this.#first = Promise.all(this.#reloaders.map((reloader) => reloader.request("start")));
  }

  #openFiles(plugin: PluginSettings): Promise<FileSource> {
    const { onEvent, pollMs } = this.#options;
    return FileSource.open({
      plugin,
      onChange: (path, at) => {
        for (const reloader of this.#reloaders) {
          if (reloader.target.plugin === plugin) void reloader.request("file", [path], at);
        }
      },
      onNotice: (message) => onEvent({ event: "notice", level: "warn", message }),
      ...(pollMs === undefined ? {} : { pollMs }),
    });
  }

  #watching(nodes: readonly NodeFacts[], control: string) {
    const { plugins, embedded } = this.#options;
    return {
      event: "watching",
      nodes: nodes.map((facts) => ({ ...facts, embedded })),
      plugins: plugins.map((plugin, index) => ({
        plugin: plugin.path.slice(plugin.path.lastIndexOf("/") + 1),
        path: plugin.path,
        files: this.#files[index]?.description ?? "",
        options: plugin.options.map((option) => `${option.name}=${shownValue(option)}`),
      })),
      control,
    } as const;
  }
}

function readFilter(params: { readonly [key: string]: unknown }): RestartFilter {
  const { path, rpcFiles } = params;
  return {
    path: typeof path === "string" ? path : undefined,
    rpcFiles: Array.isArray(rpcFiles) ? rpcFiles.map(String) : undefined,
  };
}
