/** One node of a network: where it is, whether it runs, how it starts and stops. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Failure, messageOf } from "../../errors/failure.js";
import { attempt, tryStat } from "../../filesystem/try-read.js";
import { isObject, type JsonObject } from "../../jsonrpc/json.js";
import type { Params } from "../../jsonrpc/message.js";
import { readTail } from "../../node/log/log-file.js";
import { nodePid } from "../../node/node-process.js";
import { callNode } from "../../node/rpc/client.js";
import { NodeUnreachable, type UnreachableReason } from "../../node/rpc/errors.js";
import { isLightningdIn } from "../process-identity.js";
import { type StepContext, waitUntil } from "./context.js";
import type { NetworkNode } from "./folder.js";

const START_MS = 60_000;
/** A plugin may take 30 s to shut down (lightningd/plugin.c). */
const STOP_MS = 40_000;
const KILLED_MS = 5_000;
const TAIL_BYTES = 256 * 1024;

export class RegtestNode {
  readonly name: string;
  readonly port: number;
  readonly version: string;
  readonly lightningd: string;
  /** Its public key; undefined until it has run. */
  readonly knownId: string | undefined;
  readonly lightningDir: string;
  readonly rpcFile: string;
  readonly #stderrFile: string;
  readonly #logFile: string;

  /** @param folder the network's folder */
  constructor(folder: string, { name, port, version, lightningd, id }: NetworkNode) {
    this.knownId = id;
    this.name = name;
    this.port = port;
    this.version = version;
    this.lightningd = lightningd;
    this.lightningDir = join(folder, name);
    this.rpcFile = join(this.lightningDir, "regtest", "lightning-rpc");
    this.#stderrFile = join(this.lightningDir, "stderr");
    this.#logFile = join(this.lightningDir, "log");
  }

  /** @throws RpcError, NodeUnreachable */
  async call(
    method: string,
    params: Params = {},
    options: { readonly timeoutMs?: number; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<JsonObject> {
    const { timeoutMs = 60_000, signal } = options;
    const how = signal === undefined ? { timeoutMs } : { timeoutMs, signal };
    const result = await callNode(this.rpcFile, method, params, how);
    return isObject(result) ? result : {};
  }

  /**
   * Returns `getinfo`, or undefined if the node is not running.
   * @throws NodeUnreachable `silent` if it is running but does not answer in time
   */
  async info(timeoutMs = 30_000): Promise<JsonObject | undefined> {
    try {
      return await this.call("getinfo", {}, { timeoutMs });
    } catch (error) {
      if (error instanceof NodeUnreachable && GONE.has(error.reason)) return undefined;
      throw error;
    }
  }

  /** Its pid, if that is verified to be a lightningd in this folder. */
  get pid(): number | undefined {
    const pid = nodePid(this.lightningDir, "regtest") ?? 0;
    return pid > 1 && isLightningdIn(pid, this.lightningDir) ? pid : undefined;
  }

  /**
   * Starts the node in the background: it outlives us and our terminal.
   * @param flags further options for lightningd
   * @param env the environment of the node and its plugins
   * @returns its process, for a caller that gives up waiting to kill
   */
  spawn(flags: readonly string[], env: NodeJS.ProcessEnv = process.env): ChildProcess {
    // A file, not a pipe: `watch` reads a plugin's traceback from it.
    const stderr = openSync(this.#stderrFile, "a", 0o600);
    try {
      return spawn(this.lightningd, [`--lightning-dir=${this.lightningDir}`, ...flags], {
        stdio: ["ignore", stderr, stderr],
        detached: true,
        env,
      });
    } finally {
      closeSync(stderr);
    }
  }

  /**
   * Waits until the node answers and all its plugins are active: before that, `plugin start` hangs.
   * @param child its process, if we have started it
   * @throws Failure `regtest-node`, with the node's own words, if it ends
   */
  async untilUp(
    child: ChildProcess | undefined,
    context: Pick<StepContext, "signal">,
  ): Promise<void> {
    const from = { log: sizeOf(this.#logFile), stderr: sizeOf(this.#stderrFile) };
    let ended: string | undefined;
    child?.once("error", (error) => {
      ended = messageOf(error);
    });
    child?.once("exit", (code, signal) => {
      ended = signal === null ? `exit code ${code}` : `signal ${signal}`;
    });
    await waitUntil(
      `${this.name} to start`,
      START_MS,
      context,
      async () => {
        if (ended !== undefined) throw this.#startFailure(ended, from);
        return existsSync(this.rpcFile) && (await this.#isUp());
      },
      () => this.#words(from).at(-1),
    );
    child?.unref();
  }

  async #isUp(): Promise<boolean> {
    try {
      const { plugins } = await this.call("plugin", { subcommand: "list" }, { timeoutMs: 2_000 });
      const all: readonly unknown[] = Array.isArray(plugins) ? plugins : [];
      return all.length > 0 && all.every((plugin) => isObject(plugin) && plugin.active === true);
    } catch {
      return false;
    }
  }

  #startFailure(ended: string, from: { readonly log: number; readonly stderr: number }): Failure {
    const words = this.#words(from);
    return new Failure({
      kind: "regtest-node",
      what: `${this.name} exited while it started (${ended})`,
      why:
        words.length === 0 ? `it printed nothing; its log is ${this.#logFile}` : words.join("\n  "),
      fix: `Its config is ${join(this.lightningDir, "config")}`,
      exitCode: 1,
    });
  }

  /** Returns the node's own messages about its end, from the log and stderr. */
  #words(from: { readonly log: number; readonly stderr: number }): readonly string[] {
    const stderr = linesFrom(this.#stderrFile, from.stderr).filter(
      (line) => !/Lost connection to the RPC socket|^\s*$/.test(line),
    );
    const log = linesFrom(this.#logFile, from.log).filter(
      (line) => line.includes("**BROKEN**") || line.includes("Failed to bind"),
    );
    return [...new Set([...stderr, ...log.map(withoutTime)])].slice(-MAX_WORDS);
  }

  /**
   * Returns the first error in the log since the node's last start, or undefined if there is none.
   */
  lastWords(): string | undefined {
    try {
      const { lines } = readTail(this.#logFile, TAIL_BYTES);
      const begin = lines.findLastIndex((line) => line.includes("Server started with public key"));
      // The first one is the cause; a backtrace may follow.
      const broken = lines.slice(begin + 1).find((line) => line.includes("**BROKEN**"));
      return broken && withoutTime(broken);
    } catch {
      return undefined;
    }
  }

  /**
   * Stops the node: asks, waits, and kills it if that does not help.
   * @throws Failure `regtest-timeout` if it is still there
   */
  async stop(context: StepContext): Promise<"stopped" | "killed" | "not running"> {
    const { pid } = this;
    const asked = await this.call("stop", {}, { timeoutMs: STOP_MS }).then(
      () => true,
      () => false,
    );
    if (!asked && pid === undefined) return "not running";
    context.onProgress(`stopping ${this.name}`);
    const isGone = async () => (pid === undefined ? !(await this.#listens()) : this.pid !== pid);
    try {
      await waitUntil(
        `the end of ${this.name}`,
        asked ? STOP_MS : 0,
        { signal: undefined },
        isGone,
      );
      return "stopped";
    } catch {
      const proved = this.pid;
      if (proved !== undefined) process.kill(proved, "SIGKILL");
    }
    await waitUntil(`the end of ${this.name}`, KILLED_MS, { signal: undefined }, isGone);
    return "killed";
  }

  async #listens(): Promise<boolean> {
    return existsSync(this.rpcFile) && (await this.info()) !== undefined;
  }
}

const GONE: ReadonlySet<UnreachableReason> = new Set(["missing", "refused", "closed"]);
const MAX_WORDS = 6;

function withoutTime(line: string): string {
  return line.replace(/^\S+Z\s+/, "").replace("**BROKEN** ", "");
}

function sizeOf(path: string): number {
  return tryStat(path)?.size ?? 0;
}

function linesFrom(path: string, from: number): readonly string[] {
  const read = attempt(() => readFileSync(path))
    ?.subarray(from)
    .subarray(-TAIL_BYTES);
  return read?.toString("utf8").split("\n") ?? [];
}
