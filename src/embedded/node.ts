/**
 * The embedded node: what a plugin under development sees of lightningd, in this process. It serves
 * a unix socket in a lightning-dir of its own and runs real plugin processes. Started by
 * `cln-dev watch --embedded`, by `cln-dev node`, and by tests.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { BuiltinMethod } from "./builtin-method.js";
import type { Command } from "./command.js";
import { ConfigVars } from "./config-vars.js";
import { Connection } from "./connection.js";
import { handleRequest } from "./dispatch.js";
import { HookBook } from "./hooks.js";
import { type Identity, loadIdentity } from "./identity.js";
import { type Leftovers, openLeftovers } from "./leftovers.js";
import { LogBook } from "./log-book.js";
import { LogFile } from "./log-file.js";
import type { LogLevel } from "./log-level.js";
import { publishLine } from "./log-notifications.js";
import { builtinMethods } from "./methods.js";
import type { NodeContext } from "./node-context.js";
import { addNodeOptions } from "./node-options.js";
import { PluginHost } from "./plugin-host.js";
import { ProcessKeeper } from "./process-keeper.js";
import { listenAt, refuseIfLive, type SocketServer } from "./server.js";
import { startPlugins } from "./startup.js";

export interface EmbeddedNodeOptions {
  /** The base directory; one of its own under the system's temp folder, removed at the end, when not given. */
  readonly lightningDir?: string;
  /** `regtest` when not given. */
  readonly network?: string;
  /** What goes to the log file; `debug` when not given. */
  readonly logLevel?: LogLevel;
  /** Plugins that are started with the node, as `--plugin` does it: they need not be dynamic. */
  readonly plugins?: readonly string[];
  /** How long a plugin may take for its manifest, and again for its init, in ms: 120,000 as in lightningd. */
  readonly pluginTimeoutMs?: number;
  /** How long a plugin may take to end after `shutdown`, in ms: 30,000 as in lightningd. */
  readonly shutdownTimeoutMs?: number;
  /** The environment of the plugins; ours when not given. */
  readonly env?: NodeJS.ProcessEnv;
  /** Called with each line of the log, in the file's format. */
  readonly onLog?: (line: string) => void;
  /** What a plugin, known by its basename, writes to stderr. */
  readonly onPluginStderr?: (name: string, chunk: Buffer) => void;
}

export interface EmbeddedNode {
  /** The base directory, absolute. */
  readonly lightningDir: string;
  /** `<lightning-dir>/<network>`. */
  readonly networkDir: string;
  /** The unix socket, absolute. */
  readonly rpcFile: string;
  /** The log file, absolute. */
  readonly logFile: string;
  /** Ends the node and all its plugins. Safe to call more than once. */
  close(): Promise<void>;
  /** Resolves when the node has ended, however it came to that. */
  readonly closed: Promise<void>;
}

/** The version that the node shows to its plugins and clients. */
export const EMBEDDED_VERSION = "v26.06.6";

/**
 * Starts a node. It is ready for requests, and its plugins are active, when this resolves.
 * @throws Failure where a live node holds the directory, or a plugin given cannot be started at all
 */
export async function startEmbeddedNode(options: EmbeddedNodeOptions = {}): Promise<EmbeddedNode> {
  const node = new Node(options);
  try {
    await node.start();
  } catch (error) {
    await node.close();
    throw error;
  }
  return node;
}

class Node implements EmbeddedNode, NodeContext {
  readonly lightningDir: string;
  readonly networkDir: string;
  readonly network: string;
  readonly rpcFile: string;
  readonly logFile: string;
  readonly version = EMBEDDED_VERSION;
  readonly log: LogBook;
  readonly configs = new ConfigVars();
  readonly hooks: HookBook;
  readonly host: PluginHost;
  readonly identity: Identity;
  readonly methods: ReadonlyMap<string, BuiltinMethod>;
  readonly shutdownTimeoutMs: number;
  readonly closed: Promise<void>;
  readonly #isTemporary: boolean;
  readonly #pidFile: string;
  readonly #processes: ProcessKeeper;
  readonly #connections = new Set<Connection>();
  #connectionCount = 0;
  #file: LogFile | undefined;
  #leftovers: Leftovers | undefined;
  #server: SocketServer | undefined;
  #closing: Promise<void> | undefined;
  #stopCommands: Command[] = [];
  #resolveClosed: () => void = () => {};

  constructor(private readonly options: EmbeddedNodeOptions) {
    this.network = options.network ?? "regtest";
    this.#isTemporary = options.lightningDir === undefined;
    this.lightningDir =
      options.lightningDir === undefined
        ? mkdtempSync(join(tmpdir(), "cln-dev-node-"))
        : resolve(options.lightningDir);
    this.networkDir = join(this.lightningDir, this.network);
    this.rpcFile = join(this.networkDir, "lightning-rpc");
    this.logFile = join(this.lightningDir, "log");
    this.#pidFile = join(this.lightningDir, `lightningd-${this.network}.pid`);
    this.shutdownTimeoutMs = options.shutdownTimeoutMs ?? 30_000;
    this.closed = new Promise((done) => {
      this.#resolveClosed = done;
    });
    makeDirectories(this.lightningDir, this.networkDir, this.network);
    this.log = new LogBook(
      options.logLevel ?? "debug",
      (entry) => this.#file?.write(entry, options.onLog),
      (entry, isPrinted) => publishLine(this.host, entry, isPrinted),
    );
    this.hooks = new HookBook(this.log);
    this.identity = loadIdentity(this.networkDir);
    this.#processes = new ProcessKeeper((pid, isRunning) => {
      if (isRunning) this.#leftovers?.processBegan(pid);
      else this.#leftovers?.processGone(pid);
    });
    this.methods = builtinMethods(this);
    this.host = new PluginHost({
      log: this.log,
      hooks: this.hooks,
      configs: this.configs,
      networkDir: this.networkDir,
      version: this.version,
      env: options.env ?? process.env,
      configuration: {
        "lightning-dir": this.networkDir,
        "rpc-file": "lightning-rpc",
        network: this.network,
      },
      startTimeoutMs: options.pluginTimeoutMs ?? 120_000,
      isBuiltin: (method) => this.methods.has(method),
      onStderr: (plugin, chunk) => options.onPluginStderr?.(plugin.name, chunk),
      onProcess: (plugin, pid, isRunning) => this.#processes.note(plugin, pid, isRunning),
    });
  }

  async start(): Promise<void> {
    await refuseIfLive(this.rpcFile);
    this.#file = new LogFile(this.logFile);
    this.log.add("lightningd", "info", this.version);
    this.#leftovers = openLeftovers(this.networkDir, (pid) =>
      this.log.add("lightningd", "unusual", `Killed a plugin of an earlier run (pid ${pid})`),
    );
    writeFileSync(this.#pidFile, `${process.pid}\n`);
    addNodeOptions(this.configs, this, this.options.logLevel ?? "debug");
    await startPlugins(this, this.options.plugins ?? [], async () => {
      this.#server = await listenAt(this.rpcFile, (socket) => {
        const connection = new Connection(socket, ++this.#connectionCount, this.log, (request) =>
          handleRequest(this, request, connection),
        );
        this.#connections.add(connection);
        socket.on("close", () => this.#connections.delete(connection));
      });
    });
    const { id, alias, color } = this.identity;
    this.log.add("lightningd", "info", "-".repeat(50));
    this.log.add(
      "lightningd",
      "info",
      `Server started with public key ${id}, alias ${alias} (color #${color}) and lightningd ${this.version}`,
    );
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
    this.#server?.stopListening();
    await this.host.shutdown(this.shutdownTimeoutMs);
    await this.#processes.end();
    for (const command of this.#stopCommands) {
      command.respond(
        `{"jsonrpc":"2.0","id":${command.id},"result":{"result":"Shutdown complete"}}`,
      );
    }
    for (const connection of this.#connections) connection.end();
    this.#file?.close();
    if (this.#server !== undefined) rmSync(this.#pidFile, { force: true });
    this.#leftovers?.forget();
    if (this.#isTemporary) rmSync(this.lightningDir, { recursive: true, force: true });
    this.#resolveClosed();
  }
}

/** A directory that we make says which network it is for, so that --lightning-dir alone finds it. */
function makeDirectories(lightningDir: string, networkDir: string, network: string): void {
  const made = mkdirSync(networkDir, { recursive: true, mode: 0o700 });
  if (made === undefined) return;
  try {
    writeFileSync(join(lightningDir, "config"), `network=${network}\n`, { flag: "wx" });
  } catch {
    // There is a config already: it stays as it is.
  }
}
