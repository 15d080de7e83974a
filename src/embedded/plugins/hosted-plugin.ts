/**
 * One plugin on the node: its session, and what else the node knows of it (struct plugin of
 * lightningd/plugin.c). Made by plugin-host.ts.
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
  /** How long a plugin may take for its manifest, and again for its init, in ms. */
  readonly startTimeoutMs: number;
  onStderr(plugin: HostedPlugin, chunk: Buffer): void;
  /** Called with every whole message. @param path canonical */
  readonly onMessage:
    | ((path: string, direction: "to-plugin" | "to-node", text: string) => void)
    | undefined;
  readonly runSettings: ((path: string) => RunSettings | undefined) | undefined;
}

/** The list that the plugin is on, which is informed of each step. */
export interface PluginOwner {
  readonly parts: PluginSurroundings;
  /** What a manifest can clash with. */
  readonly surroundings: Omit<ManifestSurroundings, "path" | "answer">;
  /** Until the node is up, plugins need not be dynamic. */
  readonly startup: boolean;
  /** While the node shuts down, the end of a plugin is not reported. */
  readonly isShuttingDown: boolean;
  readonly allowsDeprecatedApis: boolean;
  /**
   * Called with a message that is not an answer.
   * @returns the reason to kill the plugin, if there is one
   */
  onNotification(plugin: HostedPlugin, message: Token): string | undefined;
  /** @returns the reason to kill the plugin, if there is one */
  onManifest(plugin: HostedPlugin, manifest: Manifest): string | undefined;
  /** Its manifest is good: stop waiting for it. */
  onReady(): void;
  onActive(plugin: HostedPlugin): void;
  /** It is no longer on the list. */
  onEnd(plugin: HostedPlugin): void;
  /** Its process is gone, and nothing holds its pipes any more. */
  onDrained(plugin: HostedPlugin): void;
}

/** Longer messages get a plugin killed. */
const MAX_MESSAGE_BYTES = 256 * 1024 * 1024;
/** So does not reading what it is sent, once this much is waiting, in bytes. */
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
  /** Called once: when it is active, or with the reason why it never will be. */
  onStarted: ((reason: string | undefined) => void) | undefined;
  /** The options of its start, as raw text. */
  startParams: readonly RawOption[] = [];
  checksum = "";
  /** Resolves when its process is gone, or could not be started. */
  readonly gone: Promise<void>;
  #manifestId = "";

  /** @param path canonical: absolute, without symlinks */
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
      // A debugger may stop it for any time.
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

  /** Known once the manifest is; until then lightningd shows `false`. */
  get dynamic(): boolean {
    return this.manifest?.dynamic ?? false;
  }

  /**
   * Starts the process and asks it for its manifest.
   * @param callerId the text of the id of the request that wants it
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
      this.kill("unusual", `It does not read its stdin: ${unsent} bytes wait`);
    }
  }

  /** Kills it with SIGKILL and reports why: in the log, and to anyone who waits for its start. */
  kill(level: LogLevel, reason: string): void {
    if (this.close()) this.#killed(level, reason);
  }

  /**
   * Removes it from the list, and fails its unanswered requests. Its process ends with its stdin.
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
      // It has not been asked anything.
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

  /** In place of a plugin that died lightningd answers itself, and then objects to that answer. */
  #logMissingManifest(): void {
    const answer = terminatedAnswer(this.#manifestId);
    this.log("unusual", `Killing plugin: Invalid/missing result tok in '${answer}'`);
  }
}
