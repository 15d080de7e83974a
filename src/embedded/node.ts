/**
 * The embedded node: the part of lightningd that a plugin under development sees, in this process.
 * It serves a unix socket in its own lightning-dir and runs real plugin processes. Started by
 * `cln-dev watch --embedded`, `cln-dev node` and tests.
 */
import { closeSync, constants, rmSync, writeSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { Failure, usageFailure } from "../errors/failure.js";
import { openOwnedFile } from "../filesystem/owned-file.js";
import { RawJson } from "../jsonrpc/json.js";
import { listenUnix } from "../node/rpc/unix-socket.js";
import { configurationOf } from "../plugin/handshake/init-params.js";
import type { NodeOptions, RunningEmbeddedNode } from "./api.js";
import { canRaise, raise } from "./emit/raise.js";
import type { RaisedEvent, RaiseOptions } from "./emit/raised-event.js";
import { notificationMessage } from "./hooks/notifications.js";
import { startPlugins } from "./lifecycle.js";
import { LogFile } from "./log/log-file.js";
import { NodeLog } from "./log/node-log.js";
import { builtinMethods } from "./methods/all-methods.js";
import type { BuiltinMethod } from "./methods/builtin-method.js";
import type { NodeContext } from "./node-context.js";
import { PluginHost } from "./plugins/plugin-host.js";
import type { Command } from "./rpc/command.js";
import { Connection } from "./rpc/connection.js";
import { handleRequest } from "./rpc/dispatch.js";
import { jsonText } from "./rpc/json-text.js";
import { type EmbeddedSettings, settleSettings } from "./settings.js";
import { BlockHeight } from "./state/block-height.js";
import { ConfigVars } from "./state/config-vars.js";
import { Datastore } from "./state/datastore.js";
import {
  closeServer,
  type DirectoryLock,
  lockDirectory,
  removeSocket,
} from "./state/directory-lock.js";
import { makeGossipStore } from "./state/gossip-store.js";
import { type Identity, loadIdentity } from "./state/identity.js";
import { addNodeOptions } from "./state/node-options.js";

/** The version that the node shows to its plugins and clients. */
export const EMBEDDED_VERSION = "v26.06.6";

/**
 * Starts a node. Resolves when it is ready for requests and its plugins are active.
 * @throws Failure if a setting is invalid, a running node holds the directory, a given plugin
 *   cannot start, or the start is cancelled
 */
export async function runEmbeddedNode(options: NodeOptions = {}): Promise<RunningEmbeddedNode> {
  const settings = settleSettings(options);
  const node = await openNode(options, settings);
  const giveUp = () => void node.close();
  options.signal?.addEventListener("abort", giveUp);
  try {
    if (options.signal?.aborted) throw stoppedAtStart();
    await node.start();
  } catch (error) {
    await node.close();
    throw error;
  } finally {
    options.signal?.removeEventListener("abort", giveUp);
  }
  const { lightningDir, network, networkDir, rpcFile, logFile } = settings;
  return {
    lightningDir,
    network,
    networkDir,
    rpcFile,
    logFile,
    raise: (topic, options) => node.raise(topic, options),
    close: () => node.close(),
    closed: node.closed,
  };
}

/** Locks the directory, then opens the node's files. */
async function openNode(options: NodeOptions, settings: EmbeddedSettings): Promise<Node> {
  let lock: DirectoryLock | undefined;
  try {
    lock = await lockDirectory(settings.networkDir, settings.rpcFile);
    return new Node(options, settings, lock);
  } catch (error) {
    lock?.release();
    if (settings.isTemporary) rmSync(settings.lightningDir, { recursive: true, force: true });
    throw error;
  }
}

class Node implements NodeContext {
  readonly version = EMBEDDED_VERSION;
  readonly log: NodeLog;
  readonly configs = new ConfigVars();
  readonly host: PluginHost;
  readonly identity: Identity;
  readonly datastore: Datastore;
  readonly chain = new BlockHeight();
  readonly methods: ReadonlyMap<string, BuiltinMethod>;
  readonly shutdownTimeoutMs: number;
  readonly closed: Promise<void>;
  readonly #connections = new Set<Connection>();
  #connectionCount = 0;
  readonly #onTrouble: ((message: string) => void) | undefined;
  #file: LogFile | undefined;
  #server: Server | undefined;
  #closing: Promise<void> | undefined;
  #stopCommands: Command[] = [];
  #resolveClosed: () => void = () => {};

  constructor(
    options: NodeOptions,
    readonly settings: EmbeddedSettings,
    private readonly lock: DirectoryLock,
  ) {
    this.#onTrouble = options.onTrouble;
    this.shutdownTimeoutMs = options.shutdownTimeoutMs ?? 30_000;
    this.closed = new Promise((done) => {
      this.#resolveClosed = done;
    });
    this.log = new NodeLog(settings.logLevel, {
      print: (entry) => this.#file?.write(entry, options.onLog),
      publish: (topic, payload) =>
        void this.host.notify(topic, () => notificationMessage(topic, payload())),
      flush: () => this.#file?.flush(),
    });
    this.identity = loadIdentity(settings.networkDir, settings);
    this.datastore = new Datastore(join(settings.networkDir, "cln-dev-datastore"));
    this.methods = builtinMethods(this);
    this.host = new PluginHost({
      log: this.log,
      configs: this.configs,
      networkDir: settings.networkDir,
      version: this.version,
      env: options.env ?? process.env,
      configuration: (startup) => configurationOf(settings, startup),
      startTimeoutMs: options.pluginTimeoutMs ?? 120_000,
      isBuiltin: (method) => this.methods.has(method),
      onStderr: (plugin, chunk) => options.onPluginStderr?.(plugin.name, chunk),
      onMessage: options.onPluginMessage,
      runSettings: options.runSettings,
    });
  }

  get lightningDir(): string {
    return this.settings.lightningDir;
  }

  get networkDir(): string {
    return this.settings.networkDir;
  }

  get network(): string {
    return this.settings.network;
  }

  async start(): Promise<void> {
    this.#file = new LogFile(this.settings.logFile, this.#onTrouble);
    this.log.add("lightningd", "info", this.version);
    writePidFile(this.settings.pidFile);
    makeGossipStore(this.networkDir);
    this.#applyOptions();
    await startPlugins(this, this.settings, async () => {
      if (this.#closing !== undefined) throw stoppedAtStart();
      this.#server = await this.#listen(this.settings.rpcFile);
    });
    if (this.#closing !== undefined) throw stoppedAtStart();
    const { id, alias, color } = this.identity;
    this.log.add("lightningd", "info", "-".repeat(50));
    this.log.add(
      "lightningd",
      "info",
      `Server started with public key ${id}, alias ${alias} (color #${color}) and lightningd ${this.version}`,
    );
  }

  /** Listens, for this user only. Replaces a socket left behind by a dead node. */
  async #listen(path: string): Promise<Server> {
    removeSocket(path);
    // Connection closes our end itself when the client half-closes.
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      const connection = new Connection(socket, ++this.#connectionCount, this.log, (request) =>
        handleRequest(this, request, connection),
      );
      this.#connections.add(connection);
      socket.on("close", () => this.#connections.delete(connection));
    });
    await listenUnix(server, path, 1024);
    return server;
  }

  #applyOptions(): void {
    addNodeOptions(this.configs);
    const ownLooks = {
      alias: this.identity.alias,
      rgb: this.identity.color,
      network: this.network,
    };
    this.configs.setDefaults({ ...ownLooks, "pid-file": this.settings.pidFile });
    for (const { name, value, source } of this.settings.given)
      this.configs.add(name, value, source);
  }

  async raise(topic: string, options: RaiseOptions = {}): Promise<RaisedEvent> {
    if (!canRaise(this, topic)) throw usageFailure(`unknown hook or notification: ${topic}`);
    const { payload, changes = {}, only } = options;
    const raw = (value: unknown) => new RawJson(JSON.stringify(value));
    const rawOptions = {
      ...(payload === undefined ? {} : { payload: raw(payload) }),
      changes: new Map(Object.entries(changes).map(([path, value]) => [path, raw(value)])),
      ...(only === undefined ? {} : { only }),
    };
    const raised = await new Promise<RaisedEvent<RawJson>>((resolve) => {
      raise(this, topic, rawOptions, resolve);
    });
    return JSON.parse(jsonText(raised)) as RaisedEvent;
  }

  stop(command: Command): void {
    this.#stopCommands.push(command);
    void this.close();
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    if (this.#server !== undefined) closeServer(this.#server, this.settings.rpcFile);
    await this.host.shutdown(this.shutdownTimeoutMs);
    for (const command of this.#stopCommands) {
      command.respond(
        `{"jsonrpc":"2.0","id":${command.id},"result":{"result":"Shutdown complete"}}`,
      );
    }
    for (const connection of this.#connections) connection.end();
    this.#file?.close();
    if (this.#server !== undefined) rmSync(this.settings.pidFile, { force: true });
    this.datastore.close();
    this.lock.release();
    if (this.settings.isTemporary) rmSync(this.lightningDir, { recursive: true, force: true });
    this.#resolveClosed();
  }
}

function writePidFile(path: string): void {
  const fd = openOwnedFile(path, constants.O_TRUNC);
  writeSync(fd, `${process.pid}\n`);
  closeSync(fd);
}

function stoppedAtStart(): Failure {
  return new Failure({
    kind: "node-stopped",
    what: "the embedded node was stopped during startup",
    exitCode: 1,
  });
}
