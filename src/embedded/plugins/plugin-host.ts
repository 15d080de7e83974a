/**
 * The plugins of the node: starts and ends them, knows what they provide, and notifies them of each
 * other (struct plugins of lightningd/plugin.c). Used by the methods, by the dispatch of requests
 * and by node.ts, which ends it.
 */
import type { Token } from "../../jsonrpc/token.js";
import { initParams, problemWithOptions, startValues } from "../../plugin/handshake/init-params.js";
import { requestId } from "../../plugin/handshake/pending-requests.js";
import { readNotification } from "../../plugin/handshake/plugin-notification.js";
import type { Manifest } from "../../plugin/manifest/manifest.js";
import { unmetDemands } from "../hooks/hook-chain.js";
import {
  isKnownTopic,
  isSubscribed,
  notificationMessage,
  notifyAll,
} from "../hooks/notifications.js";
import type { ConfigVars } from "../state/config-vars.js";
import { HostedPlugin, type PluginOwner, type PluginSurroundings } from "./hosted-plugin.js";
import { canonicalPath, checksumOf } from "./plugin-paths.js";

export interface PluginHostParts extends PluginSurroundings {
  readonly configs: ConfigVars;
  /** The `configuration` of `init`, as JSON text. */
  readonly configuration: (startup: boolean) => string;
  readonly isBuiltin: (method: string) => boolean;
}

/** How long a process may take to exit after its stdin is closed, in ms. Then it is killed. */
const GRACE_MS = 1000;

/** The running plugins of all nodes in this process. None outlives this process. */
const running = new Set<HostedPlugin>();

function killAll(): void {
  for (const plugin of running) plugin.process?.kill("SIGKILL");
}

export class PluginHost implements PluginOwner {
  startup = true;
  isShuttingDown = false;
  readonly surroundings: PluginOwner["surroundings"];
  plugins: readonly HostedPlugin[] = [];
  /** The plugins whose process runs, or whose pipes are still held, such as by a child. */
  readonly #processes = new Set<HostedPlugin>();
  #waiting: { readonly holds: () => boolean; readonly done: () => void }[] = [];

  constructor(readonly parts: PluginHostParts) {
    this.surroundings = {
      hasOption: (name) => parts.configs.option(name) !== undefined,
      ownerOfMethod: (name) =>
        parts.isBuiltin(name) ? "lightningd" : this.ownerOfMethod(name)?.path,
    };
  }

  get allowsDeprecatedApis(): boolean {
    return this.parts.configs.values("allow-deprecated-apis").at(-1)?.value !== "false";
  }

  ownerOfMethod(name: string): HostedPlugin | undefined {
    return this.plugins.find((plugin) =>
      plugin.manifest?.rpcmethods.some((method) => method.name === name),
    );
  }

  /**
   * Puts a plugin on the list. If the plugin is already there but its file has changed, the old one
   * is killed and replaced.
   * @returns the new plugin; undefined if there is no such file, an unchanged plugin is already
   *   there, or the node is shutting down
   */
  register(path: string, onStarted?: HostedPlugin["onStarted"]): HostedPlugin | undefined {
    const canonical = canonicalPath(path, this.parts.networkDir);
    if (canonical === undefined || this.isShuttingDown) return undefined;
    const checksum = checksumOf(canonical);
    const present = this.plugins.find((plugin) => plugin.path === canonical);
    if (present?.checksum === checksum) return undefined;
    present?.kill("info", "Plugin changed, needs restart.");
    const plugin = new HostedPlugin(canonical, this);
    plugin.checksum = checksum;
    plugin.onStarted = onStarted;
    this.plugins = [...this.plugins, plugin];
    return plugin;
  }

  /** Starts all registered plugins that have not been started. @param callerId see `launch` */
  launchAll(callerId?: string): void {
    for (const plugin of this.plugins) {
      if (plugin.state === "unconfigured") this.launch(plugin, callerId);
    }
  }

  /** Starts a registered plugin. @param callerId the id of the request for it, as JSON text */
  launch(plugin: HostedPlugin, callerId: string | undefined): void {
    this.#processes.add(plugin);
    if (running.size === 0) process.on("exit", killAll);
    running.add(plugin);
    void plugin.gone.then(() => {
      running.delete(plugin);
      if (running.size === 0) process.off("exit", killAll);
    });
    plugin.launch(callerId);
  }

  /** Resolves once `holds` returns true. Checked whenever a plugin changes state or ends. */
  when(holds: () => boolean): Promise<void> {
    return new Promise((done) => {
      this.#waiting.push({ holds, done });
      this.#look();
    });
  }

  whenAllActive(): Promise<void> {
    return this.when(() => this.plugins.every(({ state }) => state === "active"));
  }

  whenManifestsAreIn(): Promise<void> {
    return this.when(() => this.#manifestsAreIn());
  }

  /** Sends `init` to all plugins with a good manifest. */
  configureAll(): void {
    const { configs, configuration } = this.parts;
    const valuesOf = (name: string) => configs.values(name).map(({ value }) => value);
    for (const plugin of this.plugins) {
      if (plugin.state !== "needs init") continue;
      const options = plugin.manifest?.options ?? [];
      const params = initParams(options, valuesOf, configuration(this.startup));
      plugin.init(requestId("init", undefined), params);
    }
  }

  /** Sends `shutdown` to a plugin. @returns false if it is not active or not subscribed */
  sendShutdown(plugin: HostedPlugin): boolean {
    if (plugin.state !== "active" || !isSubscribed(plugin, "shutdown")) return false;
    plugin.send(notificationMessage("shutdown", {}));
    return true;
  }

  notify(topic: string, text: () => string): readonly HostedPlugin[] {
    return notifyAll(this.plugins, topic, text);
  }

  /**
   * Ends all plugins. Those that subscribe to `shutdown` get `graceMs`, in ms, before their stdin
   * closes. For the others it closes at once. Resolves when no process is left.
   */
  async shutdown(graceMs: number): Promise<void> {
    this.isShuttingDown = true;
    for (const plugin of this.plugins) {
      plugin.forgetRequests();
      if (!this.sendShutdown(plugin)) plugin.letGo();
    }
    await new Promise<void>((done) => {
      const timer = setTimeout(done, graceMs);
      void this.when(() => this.plugins.length === 0).then(() => {
        clearTimeout(timer);
        done();
      });
    });
    for (const plugin of this.plugins) {
      const note = `${plugin.name}: failed to self-terminate in time, killing.`;
      this.parts.log.add("lightningd", "debug", note);
      plugin.letGo();
    }
    const timer = setTimeout(() => {
      for (const plugin of this.#processes) plugin.process?.kill("SIGKILL");
    }, GRACE_MS);
    await Promise.all([...this.#processes].map((plugin) => plugin.gone));
    clearTimeout(timer);
    // A process that still holds a plugin's stderr would keep our own process alive.
    for (const plugin of this.#processes) plugin.process?.release();
  }

  onNotification(plugin: HostedPlugin, message: Token): string | undefined {
    const notification = readNotification(message);
    switch (notification.kind) {
      case "fault":
        return notification.nodeMessage;
      case "log":
        for (const line of notification.message.replace(/\n$/, "").split("\n")) {
          plugin.log(notification.level, line);
        }
        return undefined;
      case "progress":
        plugin.pendingRequest(notification.id)?.onNotify?.(message);
        return undefined;
      case "custom":
        this.#forward(plugin, notification.topic, notification.params);
        return undefined;
    }
  }

  #forward(plugin: HostedPlugin, topic: string, params: Token): void {
    if (!plugin.manifest?.notifications.includes(topic)) {
      plugin.log(
        "unusual",
        `Plugin attempted to send a notification to topic "${topic}" it hasn't declared in its ` +
          "manifest, not forwarding to subscribers.",
      );
      return;
    }
    const origin = JSON.stringify(plugin.name);
    this.notify(
      topic,
      () => `{"jsonrpc":"2.0","method":"${topic}","origin":${origin},"params":${params.raw}}\n\n`,
    );
  }

  /** Registers the options of a good manifest, and the values given for the plugin's start. */
  onManifest({ path, startParams }: HostedPlugin, { options }: Manifest): string | undefined {
    const { configs } = this.parts;
    for (const option of options) configs.addOption({ ...option, plugin: path });
    for (const { name, type } of options) {
      for (const value of startValues(startParams, name)) {
        configs.add(name, type === "flag" ? undefined : value, { kind: "pluginstart" });
      }
    }
    return problemWithOptions(options, startParams);
  }

  onReady(): void {
    if (!this.#manifestsAreIn()) return;
    for (const plugin of unmetDemands(this.plugins)) {
      if (plugin.state === "needs init") {
        plugin.kill("unusual", "Cannot meet required hook dependencies");
      }
    }
    for (const plugin of this.plugins) {
      for (const topic of plugin.manifest?.subscriptions ?? []) {
        if (topic === "*" || isKnownTopic(this.plugins, topic)) continue;
        plugin.log("unusual", `topic '${topic}' is not a known notification topic`);
      }
    }
    if (!this.startup) this.configureAll();
    this.#look();
  }

  onActive(plugin: HostedPlugin): void {
    this.#notifyOf("plugin_started", plugin);
    this.#look();
  }

  onEnd(plugin: HostedPlugin): void {
    this.plugins = this.plugins.filter((other) => other !== plugin);
    for (const { name } of plugin.manifest?.options ?? []) this.parts.configs.removeOption(name);
    if (plugin.state === "awaiting manifest" || plugin.state === "unconfigured") this.onReady();
    this.#look();
    if (!this.isShuttingDown) this.#notifyOf("plugin_stopped", plugin);
  }

  onDrained(plugin: HostedPlugin): void {
    this.#processes.delete(plugin);
  }

  #manifestsAreIn(): boolean {
    return this.plugins.every(
      ({ state }) => state !== "unconfigured" && state !== "awaiting manifest",
    );
  }

  #look(): void {
    const ready = this.#waiting.filter(({ holds }) => holds());
    this.#waiting = this.#waiting.filter((waiter) => !ready.includes(waiter));
    for (const { done } of ready) done();
  }

  #notifyOf(topic: "plugin_started" | "plugin_stopped", plugin: HostedPlugin): void {
    const methods = (plugin.manifest?.rpcmethods ?? []).map((method) => method.name);
    this.notify(topic, () =>
      notificationMessage(topic, { plugin_name: plugin.name, plugin_path: plugin.path, methods }),
    );
  }
}
