/**
 * The plugins of the node: who is registered, what they have brought, and what they are sent about one
 * another (struct plugins of lightningd/plugin.c); how they come up is plugin-starts.ts. Used by the
 * methods, by dispatch.ts and by node.ts, which ends it.
 */

import { isSubscribed, notificationMessage, notifyAll } from "../hooks/notifications.js";
import type { NodeLog } from "../log/node-log.js";
import { HostedPlugin, type PluginParts, type StartListener } from "./hosted-plugin.js";
import { handleNotification } from "./plugin-notifications.js";
import { canonicalPath, checksumOf } from "./plugin-paths.js";
import { PluginStarts, type PluginStartsParts } from "./plugin-starts.js";
import { endProcesses, trackProcess } from "./reap-children.js";

export interface PluginHostParts
  extends PluginStartsParts,
    Pick<PluginParts, "onMessage" | "runSettings"> {
  readonly log: NodeLog;
  readonly networkDir: string;
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
  /** How long a plugin may take for its manifest, and again for its init, in ms. */
  readonly startTimeoutMs: number;
  readonly isBuiltin: (method: string) => boolean;
  /** A plugin without which the node shall not run has ended. */
  readonly onImportantEnd: (plugin: HostedPlugin) => void;
  readonly onStderr: (plugin: HostedPlugin, chunk: Buffer) => void;
}

export class PluginHost {
  /** How they come up. */
  readonly starts: PluginStarts;
  #plugins: HostedPlugin[] = [];
  /** Those whose process is there, or whose pipes something may hold, such as their children. */
  readonly #processes = new Set<HostedPlugin>();
  #registered = 0;
  #shuttingDown = false;
  readonly #pluginParts: PluginParts;

  constructor(private readonly parts: PluginHostParts) {
    this.starts = new PluginStarts(this, parts);
    this.#pluginParts = {
      log: parts.log,
      networkDir: parts.networkDir,
      version: parts.version,
      env: parts.env,
      startTimeoutMs: parts.startTimeoutMs,
      surroundings: {
        hasOption: (name) => parts.configs.option(name) !== undefined,
        ownerOfMethod: (name) =>
          parts.isBuiltin(name) ? "lightningd" : this.ownerOfMethod(name)?.path,
      },
      allowsDeprecatedApis: () =>
        parts.configs.values("allow-deprecated-apis").at(-1)?.value !== "false",
      mustBeDynamic: () => !this.starts.startup,
      onManifest: (plugin, manifest) => this.starts.manifestCame(plugin, manifest),
      onReady: (plugin) => this.starts.ready(plugin),
      onActive: (plugin) => {
        this.started(plugin);
        this.starts.active();
      },
      onInitUnanswered: (plugin) => this.started(plugin),
      onNotification: (plugin, message) => handleNotification(this, plugin, message),
      onStderr: parts.onStderr,
      onMessage: parts.onMessage,
      runSettings: parts.runSettings,
      onStarted: (plugin) => {
        this.#processes.add(plugin);
        trackProcess(plugin);
      },
      onDrained: (plugin) => void this.#processes.delete(plugin),
      isShuttingDown: () => this.#shuttingDown,
      onEnd: (plugin) => this.#ended(plugin),
    };
  }

  get plugins(): readonly HostedPlugin[] {
    return this.#plugins;
  }

  get isShuttingDown(): boolean {
    return this.#shuttingDown;
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
  register(path: string, listener?: StartListener): HostedPlugin | undefined {
    const canonical = canonicalPath(path, this.parts.networkDir);
    if (canonical === undefined) return undefined;
    const present = this.#plugins.find((plugin) => plugin.path === canonical);
    if (present !== undefined) {
      if (present.important || present.checksum === checksumOf(canonical)) return undefined;
      present.kill("info", "Plugin changed, needs restart.");
    }
    const plugin = new HostedPlugin(canonical, this.#registered++, this.#pluginParts);
    plugin.checksum = checksumOf(canonical);
    plugin.listener = listener;
    this.#plugins.push(plugin);
    return plugin;
  }

  /** Tells a plugin that it is to end. @returns false where it does not want to know */
  sendShutdown(plugin: HostedPlugin): boolean {
    if (plugin.state !== "active" || !isSubscribed(plugin, "shutdown")) return false;
    plugin.send(notificationMessage("shutdown", {}));
    return true;
  }

  /** A plugin is up: those that subscribe to it are notified. */
  started(plugin: HostedPlugin): void {
    this.#notifyOf("plugin_started", plugin);
  }

  notify(topic: string, text: () => string): readonly HostedPlugin[] {
    return notifyAll(this.#plugins, topic, text);
  }

  /** From here on plugins are let go of without a message to the others (lightningd/plugin.c destroy_plugin). */
  beginShutdown(): void {
    this.#shuttingDown = true;
  }

  /** Resolves when no plugin process is left. */
  endProcesses(): Promise<void> {
    return endProcesses(this.#processes);
  }

  #notifyOf(topic: "plugin_started" | "plugin_stopped", plugin: HostedPlugin): void {
    const methods = (plugin.manifest?.rpcmethods ?? []).map((method) => method.name);
    this.notify(topic, () =>
      notificationMessage(topic, { plugin_name: plugin.name, plugin_path: plugin.path, methods }),
    );
  }

  #ended(plugin: HostedPlugin): void {
    this.#plugins = this.#plugins.filter((other) => other !== plugin);
    this.parts.hooks.remove(plugin);
    for (const option of plugin.manifest?.options ?? [])
      this.parts.configs.removeOption(option.name);
    this.starts.ended(plugin);
    if (this.#shuttingDown) return;
    if (plugin.important) {
      plugin.log("broken", "Plugin marked as important, shutting down lightningd!");
      this.parts.onImportantEnd(plugin);
    }
    this.#notifyOf("plugin_stopped", plugin);
  }
}
