/**
 * One plugin on the node: its session, and what the node knows of it beside that (struct plugin of
 * lightningd/plugin.c). Made by plugin-host.ts.
 */
import { basename } from "node:path";
import { MessageReader } from "../../jsonrpc/message-reader.js";
import type { Token } from "../../jsonrpc/token.js";
import type { RawOption } from "../../plugin/handshake/init-params.js";
import { type PendingRequest, terminatedAnswer } from "../../plugin/handshake/pending-requests.js";
import {
  PluginSession,
  type SessionEnd,
  type SessionState,
} from "../../plugin/handshake/plugin-session.js";
import type { LogLevel } from "../../plugin/log-level.js";
import type { Manifest, ManifestSurroundings } from "../../plugin/manifest/manifest.js";
import { pluginEnvironment } from "../../plugin/process/plugin-process.js";
import { commandOf, type RunSettings } from "../../plugin/process/run-settings.js";
import type { NodeLog } from "../log/node-log.js";

/** Who waits for a `plugin start` to come to its end. */
export interface StartListener {
  killed(plugin: HostedPlugin, reason: string): void;
  succeeded(plugin: HostedPlugin): void;
}

export interface PluginParts {
  readonly log: NodeLog;
  readonly networkDir: string;
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
  /** How long a plugin may take for its manifest, and again for its init, in ms. */
  readonly startTimeoutMs: number;
  /** What a manifest can clash with. */
  readonly surroundings: Omit<ManifestSurroundings, "path" | "answer">;
  /** The `allow-deprecated-apis` of `getmanifest`. */
  allowsDeprecatedApis(): boolean;
  /** Must a plugin be dynamic now? */
  mustBeDynamic(): boolean;
  /** A message that is no answer. @returns the reason to kill the plugin, if there is one */
  onNotification(plugin: HostedPlugin, message: Token): string | undefined;
  /** @returns the reason to kill the plugin, if there is one */
  onManifest(plugin: HostedPlugin, manifest: Manifest): string | undefined;
  /** Its manifest is good: others may be waited for. */
  onReady(plugin: HostedPlugin): void;
  onActive(plugin: HostedPlugin): void;
  onInitUnanswered(plugin: HostedPlugin): void;
  onStderr(plugin: HostedPlugin, chunk: Buffer): void;
  /** Every whole message that passes. */
  readonly onMessage?:
    | ((path: string, direction: "to-plugin" | "to-node", text: string) => void)
    | undefined;
  /** What its process is run with. */
  readonly runSettings?: ((path: string) => RunSettings | undefined) | undefined;
  /** At the end of the node it is no news that a plugin ends. */
  isShuttingDown(): boolean;
  /** It is off the list from here on. */
  onEnd(plugin: HostedPlugin): void;
  onStarted(plugin: HostedPlugin): void;
  /** Its process is gone, and nothing holds its pipes any more. */
  onDrained(plugin: HostedPlugin): void;
}

/** Longer messages get a plugin killed. */
const MAX_MESSAGE_BYTES = 256 * 1024 * 1024;
/** So does not reading what it is sent, once this much waits. */
const MAX_UNSENT_BYTES = 64 * 1024 * 1024;

/** The longest that a timer can be set to, in ms: 24 days. */
const NO_LIMIT_MS = 2 ** 31 - 1;

/** The log level of the reason why a plugin is killed. */
const LEVELS: Readonly<Record<SessionEnd["kind"], LogLevel>> = {
  "not-started": "info",
  refused: "unusual",
  "not-dynamic": "info",
  disabled: "info",
  fault: "unusual",
  exited: "info",
  timeout: "unusual",
};

export class HostedPlugin {
  readonly name: string;
  readonly logSource: string;
  /** The node ends with it, unless it is stopped by hand or disables itself. */
  important = false;
  listener: StartListener | undefined;
  /** The options that came with its start, as raw text. */
  startParams: readonly RawOption[] = [];
  checksum = "";
  /** Why it was killed, if it was. */
  endReason: string | undefined;
  /** Resolves when its process is gone, or could not be started. */
  readonly gone: Promise<void>;
  #gone: () => void = () => {};
  readonly #session: PluginSession;
  readonly #onEnd: (() => void)[] = [];
  #manifestId = "";
  #onSpawnError: ((error: Error) => void) | undefined;

  /**
   * @param path canonical: absolute, without symlinks
   * @param index grows with each registration: the order in which hooks are called
   */
  constructor(
    readonly path: string,
    readonly index: number,
    private readonly parts: PluginParts,
  ) {
    this.name = basename(path);
    this.logSource = `plugin-${this.name}`;
    this.gone = new Promise((resolve) => {
      this.#gone = resolve;
    });
    const { log, networkDir, env, version } = parts;
    const run = parts.runSettings?.(path) ?? {};
    this.#session = new PluginSession({
      process: {
        path,
        cwd: networkDir,
        env: { ...pluginEnvironment(env, version), ...run.env },
        command: commandOf(run, path),
      },
      surroundings: parts.surroundings,
      // A debugger stops it for as long as somebody looks.
      timeoutMs: run.debug ? NO_LIMIT_MS : parts.startTimeoutMs,
      reader: new MessageReader({ maxBytes: MAX_MESSAGE_BYTES }),
      observer: {
        onBytes: (direction, bytes) => log.io(this.logSource, direction, "", bytes),
        onMessage: (message) => parts.onMessage?.(path, "to-node", message.raw),
        onSend: (text) => parts.onMessage?.(path, "to-plugin", text),
        onNotification: (message) => parts.onNotification(this, message.token),
        onStderr: (chunk) => parts.onStderr(this, chunk),
        onManifest: (manifest) => parts.onManifest(this, manifest),
        get mustBeDynamic() {
          return parts.mustBeDynamic();
        },
        onReady: () => parts.onReady(this),
        onActive: () => this.#active(),
        onUnanswered: (method) => {
          if (method === "getmanifest") this.#logMissingManifest();
          // lightningd takes its own words for the answer of a plugin that died: an error, so a success.
          else parts.onInitUnanswered(this);
        },
        onEnd: (end) => this.#ended(end),
        onGone: () => this.#gone(),
        onExit: () => {
          this.#gone();
          parts.onDrained(this);
        },
      },
    });
  }

  get state(): SessionState {
    return this.#session.state;
  }

  get manifest(): Manifest | undefined {
    return this.#session.manifest;
  }

  /** Known once the manifest is; until then lightningd shows `false`. */
  get dynamic(): boolean {
    return this.manifest?.dynamic ?? false;
  }

  get ended(): boolean {
    return this.#session.ended;
  }

  get pid(): number | undefined {
    return this.#session.process?.pid;
  }

  /**
   * Starts the process and asks it for its manifest.
   * @param id the text of the request's id
   * @param onSpawnError called where the system cannot run it; the plugin is off the list then
   */
  start(id: string, onSpawnError: (error: Error) => void): void {
    this.#manifestId = id;
    this.#onSpawnError = onSpawnError;
    const allowed = this.parts.allowsDeprecatedApis();
    this.#session.getmanifest(id, `{"allow-deprecated-apis":${allowed}}`);
    if (this.pid === undefined) return;
    this.parts.onStarted(this);
    this.parts.log.add("plugin-manager", "debug", `started(${this.pid}) ${this.path}`);
  }

  /** @param id its text @param params JSON text */
  init(id: string, params: string): void {
    this.#session.init(id, params);
  }

  log(level: LogLevel, text: string): void {
    this.parts.log.add(this.logSource, level, text);
  }

  /** Writes a message, which must end with two newlines. */
  send(text: string): void {
    this.#session.send(text);
    this.#checkUnsent();
  }

  /** Sends a request whose text holds this id, and remembers who waits for its answer. */
  request(id: string, text: string, pending: PendingRequest): void {
    this.#session.request(id, text, pending);
    this.#checkUnsent();
  }

  /** @returns the request with the id (its text, quotes included) that is waited for */
  pendingRequest(id: string): PendingRequest | undefined {
    return this.#session.pendingRequest(id);
  }

  /** Called when it is off the list, before its unanswered requests are failed. */
  whenEnded(listener: () => void): void {
    this.#onEnd.push(listener);
  }

  /** Kills it with SIGKILL and reports why: in the log, and to anyone who waits for its start. */
  kill(level: LogLevel, reason: string): void {
    if (this.#session.close()) this.#killed(level, reason);
  }

  /** Takes it off the list, and fails what it has not answered. Its process is left to its stdin's end. */
  end(): void {
    if (this.#session.close()) this.#off();
  }

  /** For the end of the node: not even its last output is waited for. */
  killProcess(): void {
    this.#session.process?.kill("SIGKILL");
  }

  forgetStderr(): void {
    this.#session.process?.release();
  }

  /** Forgets what it was asked: nobody is called back, not even when it is gone. */
  forgetRequests(): void {
    this.#session.forgetRequests();
  }

  #checkUnsent(): void {
    const unsent = this.#session.process?.unsentBytes ?? 0;
    if (unsent > MAX_UNSENT_BYTES) {
      this.kill("unusual", `It does not read its stdin: ${unsent} bytes wait`);
    }
  }

  #active(): void {
    const { listener } = this;
    this.listener = undefined;
    listener?.succeeded(this);
    this.parts.onActive(this);
  }

  #ended(end: SessionEnd): void {
    if (end.kind === "not-started") {
      // It has not been asked anything.
      this.forgetRequests();
      this.#off();
      this.#onSpawnError?.(end.error);
      return;
    }
    if (end.kind === "disabled") this.important = false;
    const isQuiet =
      (end.kind === "disabled" && end.at === "init") ||
      (end.kind === "exited" && this.parts.isShuttingDown());
    this.#killed(isQuiet ? "debug" : LEVELS[end.kind], end.nodeMessage);
  }

  #killed(level: LogLevel, reason: string): void {
    this.endReason = reason;
    this.log(level, `Killing plugin: ${reason}`);
    this.killProcess();
    const { listener } = this;
    this.listener = undefined;
    listener?.killed(this, reason);
    this.#off();
  }

  #off(): void {
    for (const listener of this.#onEnd) listener();
    this.#session.failRequests();
    this.#session.process?.releaseStdio();
    this.parts.onEnd(this);
  }

  /** lightningd answers in the place of a plugin that died, and then finds fault with that answer. */
  #logMissingManifest(): void {
    const answer = terminatedAnswer(this.#manifestId);
    this.log("unusual", `Killing plugin: Invalid/missing result tok in '${answer}'`);
  }
}
