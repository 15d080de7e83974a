/**
 * The plugins of the node: who is registered, what they have brought, and the steps that all of
 * them take together (struct plugins of lightningd/plugin.c). Used by the methods, by dispatch.ts
 * and by node.ts, which ends it.
 */
import type { Token } from "../jsonrpc/token.js";
import type { Command } from "./command.js";
import type { ConfigVars } from "./config-vars.js";
import type { HookBook } from "./hooks.js";
import {
  checksumOf,
  HostedPlugin,
  type PluginSurroundings,
  type StartWaiter,
} from "./hosted-plugin.js";
import { jsonText } from "./json-text.js";
import type { LogBook } from "./log-book.js";
import { isKnownTopic, isSubscribed, notificationText, notifyAll } from "./notifications.js";
import { type InitConfiguration, initParams } from "./plugin-init.js";
import { logMissingManifest, takeManifest } from "./plugin-manifest.js";
import { handleNotification } from "./plugin-notifications.js";
import { canonicalPath } from "./plugin-paths.js";

export interface PluginHostParts {
  readonly log: LogBook;
  readonly hooks: HookBook;
  readonly configs: ConfigVars;
  readonly networkDir: string;
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
  readonly configuration: InitConfiguration;
  /** How long a plugin may take for its manifest, and again for its init, in ms. */
  readonly startTimeoutMs: number;
  readonly isBuiltin: (method: string) => boolean;
  /** A plugin without which the node shall not run has ended. */
  readonly onImportantEnd: () => void;
  readonly onStderr: (plugin: HostedPlugin, chunk: Buffer) => void;
  readonly onProcess: (plugin: HostedPlugin, pid: number, isRunning: boolean) => void;
  readonly onDrained: (plugin: HostedPlugin) => void;
}

export class PluginHost {
  /** Until the node is up, plugins need not be dynamic. */
  startup = true;
  #plugins: HostedPlugin[] = [];
  #registered = 0;
  #whenAllActive: (() => void)[] = [];
  #whenManifestsAreIn: (() => void)[] = [];
  #shuttingDown = false;
  readonly #around: PluginSurroundings;

  constructor(private readonly parts: PluginHostParts) {
    this.#around = {
      log: parts.log,
      networkDir: parts.networkDir,
      version: parts.version,
      env: parts.env,
      onNotification: (plugin, message) => handleNotification(this, plugin, message),
      onStderr: parts.onStderr,
      onProcess: parts.onProcess,
      onDrained: parts.onDrained,
      isShuttingDown: () => this.#shuttingDown,
      onEnd: (plugin) => this.#ended(plugin),
    };
  }

  get plugins(): readonly HostedPlugin[] {
    return this.#plugins;
  }

  ownerOfMethod(name: string): HostedPlugin | undefined {
    return this.#plugins.find((plugin) =>
      plugin.manifest?.rpcmethods.some((method) => method.name === name),
    );
  }

  /**
   * Puts a plugin on the list. One that is there already is left alone, unless its file has changed:
   * then it is killed and the new one takes its place.
   * @returns undefined where there is no such file, or where it is there already
   */
  register(path: string, waiter?: StartWaiter): HostedPlugin | undefined {
    const canonical = canonicalPath(path, this.parts.networkDir);
    if (canonical === undefined) return undefined;
    const present = this.#plugins.find((plugin) => plugin.path === canonical);
    if (present !== undefined) {
      if (present.important || present.checksum === checksumOf(canonical)) return undefined;
      present.kill("info", "Plugin changed, needs restart.");
    }
    const plugin = new HostedPlugin(canonical, this.#registered++, this.#around);
    plugin.checksum = checksumOf(canonical);
    plugin.waiter = waiter;
    this.#plugins.push(plugin);
    return plugin;
  }

  /**
   * Starts a registered plugin's process and asks it for its manifest.
   * @param callerId the text of the id of the request that wants it
   * @param onSpawnError called where the system cannot run it; the plugin is off the list then
   */
  launch(
    plugin: HostedPlugin,
    callerId: string | undefined,
    onSpawnError: (error: Error) => void,
  ): void {
    const fail = (error: Error) => {
      plugin.end();
      onSpawnError(error);
      this.#checkAllActive();
    };
    if (this.#shuttingDown) {
      fail(new Error("lightningd is shutting down"));
      return;
    }
    plugin.spawn(fail);
    if (plugin.pid === undefined) return;
    plugin.state = "awaiting manifest";
    plugin.startTimer(this.parts.startTimeoutMs);
    this.#ask(plugin, "getmanifest", callerId, '{"allow-deprecated-apis":true}', (answer) => {
      this.#manifestCame(plugin, answer);
    });
  }

  /** Starts all that are registered and not yet started. */
  launchAll(
    callerId: string | undefined,
    onSpawnError: (plugin: HostedPlugin, error: Error) => void,
  ) {
    for (const plugin of this.#plugins.filter(({ state }) => state === "unconfigured")) {
      this.launch(plugin, callerId, (error) => onSpawnError(plugin, error));
    }
  }

  /** Calls back once every plugin on the list is active: at once, if they are. */
  whenAllActive(listener: () => void): void {
    this.#whenAllActive.push(listener);
    this.#checkAllActive();
  }

  /** Calls back once no manifest is waited for. For the start of the node. */
  whenManifestsAreIn(listener: () => void): void {
    this.#whenManifestsAreIn.push(listener);
    this.#checkManifests("lightningd");
  }

  /** Sends `init` to all whose manifest is good. */
  configureAll(): void {
    for (const plugin of this.#plugins.filter(({ state }) => state === "needs init")) {
      this.#configure(plugin);
    }
  }

  /** Tells a plugin that it is to end. @returns false where it does not want to know */
  sendShutdown(plugin: HostedPlugin): boolean {
    if (plugin.state !== "active" || !isSubscribed(plugin, "shutdown")) return false;
    plugin.send(notificationText("shutdown", {}));
    return true;
  }

  /** Tells a plugin, if it wants to know, that its next call wants what is deprecated, or does not. */
  tellDeprecation(plugin: HostedPlugin, command: Command, isWanted: boolean): void {
    if (plugin.state === "active" && isSubscribed(plugin, "deprecated_oneshot")) {
      plugin.send(notificationText("deprecated_oneshot", { deprecated_ok: isWanted }));
    } else {
      const what = `cmd ${command.name} (id ${command.id})`;
      plugin.log("debug", `Plugin does not support deprecation setting for ${what}`);
    }
  }

  notify(topic: string, text: () => string): readonly HostedPlugin[] {
    return notifyAll(this.#plugins, topic, text);
  }

  /** From here on plugins are let go of without a word to the others (lightningd/plugin.c destroy_plugin). */
  beginShutdown(): void {
    this.#shuttingDown = true;
  }

  #ask(
    plugin: HostedPlugin,
    method: string,
    callerId: string | undefined,
    params: string,
    onAnswer: (answer: Token) => void,
  ): void {
    const id = plugin.newId(method, callerId);
    const text = `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}}\n\n`;
    plugin.request(id, text, {
      onAnswer: (answer) => {
        if (answer !== undefined) onAnswer(answer);
        else if (method === "getmanifest") logMissingManifest(plugin, id);
        // lightningd takes its own word for the answer of a plugin that died: an error, so a success.
        else if (method === "init") this.#tellAbout("plugin_started", plugin);
      },
    });
  }

  #manifestCame(plugin: HostedPlugin, answer: Token): void {
    const refusal = takeManifest(plugin, answer, this.parts, (name) =>
      this.parts.isBuiltin(name) ? "lightningd" : this.ownerOfMethod(name)?.path,
    );
    if (refusal !== undefined) {
      plugin.kill(refusal.level, refusal.reason);
      return;
    }
    plugin.state = "needs init";
    plugin.stopTimer();
    if (!this.startup && !plugin.dynamic) plugin.kill("info", "Not a dynamic plugin");
    else this.#checkManifests(plugin.logSource);
  }

  #checkManifests(logSource: string): void {
    if (this.#plugins.some(({ state }) => state === "awaiting manifest")) return;
    for (const plugin of this.parts.hooks.order(logSource)) {
      if (plugin.state !== "needs init") continue;
      plugin.kill("unusual", "Cannot meet required hook dependencies");
    }
    for (const plugin of this.#plugins) {
      for (const topic of plugin.manifest?.subscriptions ?? []) {
        if (topic === "*" || isKnownTopic(this.#plugins, topic)) continue;
        plugin.log("unusual", `topic '${topic}' is not a known notification topic`);
      }
    }
    const listeners = this.#whenManifestsAreIn;
    this.#whenManifestsAreIn = [];
    for (const listener of listeners) listener();
    if (!this.startup) this.configureAll();
  }

  #configure(plugin: HostedPlugin): void {
    const options = plugin.manifest?.options ?? [];
    const params = jsonText(
      initParams(options, this.parts.configs, this.parts.configuration, this.startup),
    );
    plugin.state = "awaiting init";
    plugin.startTimer(this.parts.startTimeoutMs);
    this.#ask(plugin, "init", undefined, params, (answer) => this.#initAnswered(plugin, answer));
  }

  /** An error answer counts as success: lightningd looks for `result.disable` only (cln-contract 4.4). */
  #initAnswered(plugin: HostedPlugin, answer: Token): void {
    const disabled = answer.member("result")?.member("disable");
    if (disabled !== undefined) {
      plugin.important = false;
      plugin.kill("debug", `disabled itself at init: ${disabled.text}`);
      return;
    }
    plugin.state = "active";
    plugin.stopTimer();
    const { waiter } = plugin;
    plugin.waiter = undefined;
    waiter?.succeeded(plugin);
    this.#tellAbout("plugin_started", plugin);
    this.#checkAllActive();
  }

  #checkAllActive(): void {
    if (this.#plugins.some(({ state }) => state !== "active")) return;
    const listeners = this.#whenAllActive;
    this.#whenAllActive = [];
    for (const listener of listeners) listener();
  }

  #tellAbout(topic: "plugin_started" | "plugin_stopped", plugin: HostedPlugin): void {
    const methods = (plugin.manifest?.rpcmethods ?? []).map((method) => method.name);
    this.notify(topic, () =>
      notificationText(topic, { plugin_name: plugin.name, plugin_path: plugin.path, methods }),
    );
  }

  #ended(plugin: HostedPlugin): void {
    this.#plugins = this.#plugins.filter((other) => other !== plugin);
    this.parts.hooks.remove(plugin);
    for (const option of plugin.manifest?.options ?? [])
      this.parts.configs.removeOption(option.name);
    if (plugin.state === "awaiting manifest") this.#checkManifests("lightningd");
    if (plugin.state === "awaiting init" || this.#shuttingDown) this.#checkAllActive();
    if (this.#shuttingDown) return;
    if (plugin.important) {
      plugin.log("broken", "Plugin marked as important, shutting down lightningd!");
      this.parts.onImportantEnd();
    }
    this.#tellAbout("plugin_stopped", plugin);
  }
}
