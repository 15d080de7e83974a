/**
 * One plugin's life on the node: its process, what it was asked and has not answered, and the steps
 * from its start to its end (struct plugin of lightningd/plugin.c). Made by plugin-host.ts.
 */
import { basename } from "node:path";
import type { Token, TokenMember } from "../../jsonrpc/token.js";
import type { LogLevel } from "../../node/log/log-level.js";
import type { Manifest } from "../../plugin/manifest/manifest.js";
import { type PluginProcess, startPluginProcess } from "../../plugin/process/plugin-process.js";
import type { LogBook } from "../log/log-book.js";
import { MessageReader } from "../rpc/message-reader.js";
import { OpenRequests, type PendingRequest } from "./open-requests.js";

/**
 * `unconfigured` no process yet; `awaiting manifest` and `awaiting init` it has been asked;
 * `needs init` its manifest is good and others are waited for; `active` in normal operation.
 */
export type PluginState =
  | "unconfigured"
  | "awaiting manifest"
  | "needs init"
  | "awaiting init"
  | "active";

/** How lightningd calls the states when a plugin ends in one of them. */
const STATE_WORDS: Readonly<Record<PluginState, string>> = {
  unconfigured: "unconfigured",
  "awaiting manifest": "before replying to getmanifest",
  "needs init": "before we sent init",
  "awaiting init": "before replying to init",
  active: "during normal operation",
};

/** Who waits for a `plugin start` to come to its end. */
export interface StartWaiter {
  killed(plugin: HostedPlugin, reason: string): void;
  succeeded(plugin: HostedPlugin): void;
}

export interface PluginSurroundings {
  readonly log: LogBook;
  readonly networkDir: string;
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
  /** A message that is no answer. Gives the reason to kill the plugin, if there is one. */
  onNotification(plugin: HostedPlugin, message: Token): string | undefined;
  onStderr(plugin: HostedPlugin, chunk: Buffer): void;
  /** At the end of the node it is no news that a plugin ends. */
  isShuttingDown(): boolean;
  /** It is off the list from here on. */
  onEnd(plugin: HostedPlugin): void;
  /** A process has begun, or is gone. */
  onProcess(plugin: HostedPlugin, pid: number, isRunning: boolean): void;
  /** Its process is gone, and nothing holds its pipes any more. */
  onDrained(plugin: HostedPlugin): void;
}

/** Longer messages get a plugin killed. */
const MAX_MESSAGE_BYTES = 256 * 1024 * 1024;
/** So does not reading what it is sent, once this much waits. */
const MAX_UNSENT_BYTES = 64 * 1024 * 1024;

export class HostedPlugin {
  readonly name: string;
  readonly logSource: string;
  state: PluginState = "unconfigured";
  manifest: Manifest | undefined;
  /** Known once the manifest is; until then lightningd shows `false`. */
  dynamic = false;
  /** The node ends with it, unless it is stopped by hand or disables itself. */
  important = false;
  waiter: StartWaiter | undefined;
  /** The options that came with its start, as raw text. */
  startParams: readonly TokenMember[] = [];
  checksum = "";
  ended = false;
  readonly #reader = new MessageReader(MAX_MESSAGE_BYTES);
  readonly #requests = new OpenRequests();
  readonly #onEnd: (() => void)[] = [];
  #process: PluginProcess | undefined;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param path canonical: absolute, without symlinks
   * @param index grows with each registration: the order in which hooks are called
   */
  constructor(
    readonly path: string,
    readonly index: number,
    private readonly around: PluginSurroundings,
  ) {
    this.name = basename(path);
    this.logSource = `plugin-${this.name}`;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /**
   * Starts the process. The answer to whether the system could do it comes at once where it can be
   * known at once, which on every Unix is when there is no pid.
   * @param onSpawnError called later with the reason where it could not
   */
  spawn(onSpawnError: (error: Error) => void): void {
    this.#process = startPluginProcess({
      path: this.path,
      cwd: this.around.networkDir,
      version: this.around.version,
      env: this.around.env,
      onFrame: () => {},
      onOutput: (chunk) => this.#take(chunk),
      onStderr: (chunk) => this.around.onStderr(this, chunk),
      onStdoutEnd: () => this.#stdoutEnded(),
      onSpawnError,
      onGone: () => this.#processGone(),
      onExit: () => this.around.onDrained(this),
    });
    if (this.pid === undefined) return;
    this.around.onProcess(this, this.pid, true);
    this.around.log.add("plugin-manager", "debug", `started(${this.pid}) ${this.path}`);
  }

  log(level: LogLevel, text: string): void {
    this.around.log.add(this.logSource, level, text);
  }

  /** Writes a message, which must end with two newlines. */
  send(text: string): void {
    if (this.ended || this.#process === undefined) return;
    const bytes = Buffer.from(text);
    this.around.log.io(this.logSource, "out", "", bytes);
    this.#process.write(text);
    if (this.#process.unsentBytes > MAX_UNSENT_BYTES) {
      this.kill("unusual", `It does not read its stdin: ${this.#process.unsentBytes} bytes wait`);
    }
  }

  /** Sends a request whose text holds this id, and remembers who waits for its answer. */
  request(id: string, text: string, pending: PendingRequest): void {
    this.#requests.add(id, pending);
    this.send(text);
  }

  /** @returns the request with the id (its text, quotes included) that is waited for */
  pendingRequest(id: string): PendingRequest | undefined {
    return this.#requests.get(id);
  }

  /** After this many ms it is killed, unless the wait is over before. */
  startTimer(ms: number): void {
    this.stopTimer();
    this.#timer = setTimeout(() => {
      this.kill("unusual", `timed out ${STATE_WORDS[this.state]}`);
    }, ms);
  }

  stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Called when it is off the list, before its unanswered requests are failed. */
  whenEnded(listener: () => void): void {
    this.#onEnd.push(listener);
  }

  /** Kills it with SIGKILL and says why: in the log, and to whoever waits for its start. */
  kill(level: LogLevel, reason: string): void {
    if (this.ended) return;
    this.log(level, `Killing plugin: ${reason}`);
    this.#process?.kill("SIGKILL");
    const waiter = this.waiter;
    this.waiter = undefined;
    waiter?.killed(this, reason);
    this.end();
  }

  /** Takes it off the list, and fails what it has not answered. Its process is left to its stdin's end. */
  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.stopTimer();
    for (const listener of this.#onEnd) listener();
    this.#requests.fail();
    this.#process?.releaseStdio();
    this.around.onEnd(this);
  }

  /** For the end of the node: not even its last words are waited for. */
  killProcess(): void {
    this.#process?.kill("SIGKILL");
  }

  forgetStderr(): void {
    this.#process?.release();
  }

  /** Forgets what it was asked: nobody will be told, not even that it is gone. */
  forgetRequests(): void {
    this.#requests.forget();
  }

  #take(chunk: Buffer): void {
    if (this.ended) return;
    this.around.log.io(this.logSource, "in", "", chunk);
    for (const reading of this.#reader.push(chunk)) {
      if (reading.kind === "nul") {
        this.log("unusual", "A NUL byte has come on its stdout: nothing more is read");
        continue;
      }
      const fault = reading.kind === "fault" ? reading.text : this.#handle(reading.message);
      if (fault !== undefined) this.kill("unusual", fault);
      if (this.ended) return;
    }
  }

  #handle(message: Token): string | undefined {
    const id = message.member("id");
    if (id === undefined) return this.around.onNotification(this, message);
    this.#requests.answered(id.raw, message);
    return undefined;
  }

  #stdoutEnded(): void {
    this.kill(this.around.isShuttingDown() ? "debug" : "info", `exited ${STATE_WORDS[this.state]}`);
  }

  #processGone(): void {
    const pid = this.pid;
    if (pid !== undefined) this.around.onProcess(this, pid, false);
  }
}
