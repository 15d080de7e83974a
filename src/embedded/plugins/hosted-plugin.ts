/**
 * One plugin on the node: its session, and what else the node knows about it (struct plugin of
 * lightningd/plugin.c). Created by plugin-host.ts.
 */
import { basename } from "node:path";
import { MessageReader } from "../../jsonrpc/message-reader.js";
import type { Token } from "../../jsonrpc/token.js";
import type { RawOption } from "../../plugin/handshake/init-params.js";
import { requestId, terminatedAnswer } from "../../plugin/handshake/pending-requests.js";
import { PluginSession, type SessionEnd } from "../../plugin/handshake/plugin-session.js";
import type { LogLevel } from "../../plugin/log-level.js";
import type { Manifest, ManifestSurroundings } from "../../plugin/manifest/manifest.js";
import { pluginEnvironment } from "../../plugin/process/plugin-process.js";
import { commandOf, type RunSettings } from "../../plugin/process/run-settings.js";
import type { NodeLog } from "../log/node-log.js";

/** What all plugins of a node share. */
export interface PluginSurroundings {
  readonly log: NodeLog;
  readonly networkDir: string;
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
  /** How long a plugin may take to answer `getmanifest`, and then `init`, in ms each. */
  readonly startTimeoutMs: number;
  onStderr(plugin: HostedPlugin, chunk: Buffer): void;
  /** Called with each whole message. `path` is the canonical path. */
  readonly onMessage:
    | ((path: string, direction: "to-plugin" | "to-node", text: string) => void)
    | undefined;
  readonly runSettings: ((path: string) => RunSettings | undefined) | undefined;
}

/** The host of a plugin, which keeps the list of plugins and is called at each step. */
export interface PluginOwner {
  readonly parts: PluginSurroundings;
  /** What a manifest can clash with. */
  readonly surroundings: Omit<ManifestSurroundings, "path" | "answer">;
  /** Whether the node is still starting: plugins need not be dynamic then. */
  readonly startup: boolean;
  /** Whether the node is shutting down: the end of a plugin is not reported then. */
  readonly isShuttingDown: boolean;
  readonly allowsDeprecatedApis: boolean;
  /**
   * Called with a message that is not an answer.
   * @returns the reason to kill the plugin, if there is one
   */
  onNotification(plugin: HostedPlugin, message: Token): string | undefined;
  /** @returns the reason to kill the plugin, if there is one */
  onManifest(plugin: HostedPlugin, manifest: Manifest): string | undefined;
  /** Called when a plugin's manifest is good: it is no longer waited for. */
  onReady(): void;
  onActive(plugin: HostedPlugin): void;
  /** Called when the plugin has ended: takes it off the list. */
  onEnd(plugin: HostedPlugin): void;
  /** Called when its process is gone and nothing holds its pipes any longer. */
  onDrained(plugin: HostedPlugin): void;
}

/** The longest message, in bytes. A longer one gets the plugin killed. */
const MAX_MESSAGE_BYTES = 256 * 1024 * 1024;
/** How much unsent data gets a plugin that does not read its stdin killed, in bytes. */
const MAX_UNSENT_BYTES = 64 * 1024 * 1024;
/** The longest timer, in ms: 24 days. */
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

export class HostedPlugin extends PluginSession {
  readonly name: string;
  readonly #logSource: string;
  /** Called once: with undefined when it is active, or with the reason why it never will be. */
  onStarted: ((reason: string | undefined) => void) | undefined;
  /** The options given for its start, as raw text. */
  startParams: readonly RawOption[] = [];
  checksum = "";
  /** Resolves when its process is gone or could not be started. */
  readonly gone: Promise<void>;
  #manifestId = "";

  /** @param path the canonical path: absolute, without symlinks */
  constructor(
    readonly path: string,
    private readonly owner: PluginOwner,
  ) {
    let isGone = () => {};
    const { parts } = owner;
    const run = parts.runSettings?.(path) ?? {};
    super({
      process: {
        path,
        cwd: parts.networkDir,
        env: { ...pluginEnvironment(parts.env, parts.version), ...run.env },
        command: commandOf(run, path),
      },
      surroundings: owner.surroundings,
      // A debugger may stop it for any length of time.
      timeoutMs: run.debug ? NO_LIMIT_MS : parts.startTimeoutMs,
      reader: new MessageReader({ maxBytes: MAX_MESSAGE_BYTES }),
      observer: {
        onBytes: (direction, bytes) => parts.log.io(this.#logSource, direction, "", bytes),
        onMessage: (message) => parts.onMessage?.(path, "to-node", message.raw),
        onSend: (text) => parts.onMessage?.(path, "to-plugin", text),
        onNotification: (message) => owner.onNotification(this, message.token),
        onStderr: (chunk) => parts.onStderr(this, chunk),
        onManifest: (manifest) => owner.onManifest(this, manifest),
        get mustBeDynamic() {
          return !owner.startup;
        },
        onReady: () => owner.onReady(),
        onActive: () => {
          this.#tellStarter(undefined);
          owner.onActive(this);
        },
        onUnanswered: (method) => {
          if (method === "getmanifest") this.#logMissingManifest();
        },
        onEnd: (end) => this.#onEnd(end),
        onGone: () => isGone(),
        onExit: () => {
          isGone();
          owner.onDrained(this);
        },
      },
    });
    this.name = basename(path);
    this.#logSource = `plugin-${this.name}`;
    this.gone = new Promise((resolve) => {
      isGone = resolve;
    });
  }

  /** Whether the plugin is dynamic. Like lightningd, false until the manifest is known. */
  get dynamic(): boolean {
    return this.manifest?.dynamic ?? false;
  }

  /**
   * Starts the process and requests its manifest.
   * @param callerId the id of the request that starts it, as JSON text
   */
  launch(callerId: string | undefined): void {
    this.#manifestId = requestId("getmanifest", callerId);
    const params = `{"allow-deprecated-apis":${this.owner.allowsDeprecatedApis}}`;
    this.getmanifest(this.#manifestId, params);
    const pid = this.process?.pid;
    if (pid === undefined) return;
    this.owner.parts.log.add("plugin-manager", "debug", `started(${pid}) ${this.path}`);
  }

  log(level: LogLevel, text: string): void {
    this.owner.parts.log.add(this.#logSource, level, text);
  }

  override send(text: string): void {
    super.send(text);
    const unsent = this.process?.unsentBytes ?? 0;
    if (unsent > MAX_UNSENT_BYTES) {
      this.kill("unusual", `Plugin is not reading its stdin: ${unsent} bytes unsent`);
    }
  }

  /** Kills it with SIGKILL. Reports the reason in the log and to `onStarted`. */
  kill(level: LogLevel, reason: string): void {
    if (this.close()) this.#killed(level, reason);
  }

  /**
   * Drops the plugin without a kill: fails its unanswered requests, closes its stdin and stdout,
   * and takes it off the list.
   */
  letGo(): void {
    if (this.close()) this.#off();
  }

  #tellStarter(reason: string | undefined): void {
    const { onStarted } = this;
    this.onStarted = undefined;
    onStarted?.(reason);
  }

  #onEnd(end: SessionEnd): void {
    if (end.kind === "not-started") {
      // No request has been sent.
      this.forgetRequests();
      if (this.onStarted === undefined) this.log("unusual", end.nodeMessage);
      this.#off();
      this.#tellStarter(end.nodeMessage);
      return;
    }
    const isQuiet =
      (end.kind === "disabled" && end.at === "init") ||
      (end.kind === "exited" && this.owner.isShuttingDown);
    this.#killed(isQuiet ? "debug" : LEVELS[end.kind], end.nodeMessage);
  }

  #killed(level: LogLevel, reason: string): void {
    this.log(level, `Killing plugin: ${reason}`);
    this.process?.kill("SIGKILL");
    this.#tellStarter(reason);
    this.#off();
  }

  #off(): void {
    this.failRequests();
    this.process?.releaseStdio();
    this.owner.onEnd(this);
  }

  /** For a plugin that died, lightningd makes up an answer, then objects to that answer. */
  #logMissingManifest(): void {
    const answer = terminatedAnswer(this.#manifestId);
    this.log("unusual", `Killing plugin: Invalid/missing result tok in '${answer}'`);
  }
}
