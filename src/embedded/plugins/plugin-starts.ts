/**
 * How plugins come up beside one another: the moments at which all of them wait for all
 * (lightningd/plugin.c). Used by plugin-host.ts, which has the list of them.
 */
import { initParams, problemWithOptions, startValues } from "../../plugin/handshake/init-params.js";
import { requestId } from "../../plugin/handshake/pending-requests.js";
import type { Manifest } from "../../plugin/manifest/manifest.js";
import type { HookChains } from "../hooks/hook-chains.js";
import { isKnownTopic } from "../hooks/notifications.js";
import type { ConfigVars } from "../state/config-vars.js";
import type { HostedPlugin } from "./hosted-plugin.js";

export interface PluginStartsParts {
  readonly hooks: HookChains;
  readonly configs: ConfigVars;
  /** The `configuration` of `init`, as JSON text. */
  readonly configuration: (startup: boolean) => string;
}

/** What it needs of the list. */
export interface PluginList {
  readonly plugins: readonly HostedPlugin[];
  readonly isShuttingDown: boolean;
}

export class PluginStarts {
  /** Until the node is up, plugins need not be dynamic. */
  startup = true;
  #whenAllActive: (() => void)[] = [];
  #whenManifestsAreIn: (() => void)[] = [];

  constructor(
    private readonly list: PluginList,
    private readonly parts: PluginStartsParts,
  ) {}

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
    if (this.list.isShuttingDown) {
      plugin.end();
      onSpawnError(new Error("lightningd is shutting down"));
      return;
    }
    plugin.start(requestId("getmanifest", callerId), (error) => {
      onSpawnError(error);
      this.#checkAllActive();
    });
  }

  /** Starts all that are registered and not yet started. */
  launchAll(
    callerId: string | undefined,
    onSpawnError: (plugin: HostedPlugin, error: Error) => void,
  ): void {
    for (const plugin of this.list.plugins.filter(({ state }) => state === "unconfigured")) {
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
    for (const plugin of this.list.plugins.filter(({ state }) => state === "needs init")) {
      this.#configure(plugin);
    }
  }

  /** A plugin is off the list: the others may have waited for it. */
  ended(plugin: HostedPlugin): void {
    if (plugin.state === "awaiting manifest") this.#checkManifests("lightningd");
    if (plugin.state === "awaiting init" || this.list.isShuttingDown) this.#checkAllActive();
  }

  /**
   * Takes what a good manifest brings: options, hooks, and the values that came with the start.
   * @returns the reason to kill the plugin, if there is one; then all of it goes again when it ends
   */
  manifestCame(plugin: HostedPlugin, manifest: Manifest): string | undefined {
    const { configs, hooks } = this.parts;
    for (const option of manifest.options) configs.addOption({ ...option, plugin: plugin.path });
    hooks.register(plugin, manifest.hooks);
    const { startParams } = plugin;
    for (const { name, type } of manifest.options) {
      for (const value of startValues(startParams, name)) {
        configs.add(name, type === "flag" ? undefined : value, { kind: "pluginstart" });
      }
    }
    return problemWithOptions(manifest.options, startParams);
  }

  ready(plugin: HostedPlugin): void {
    this.#checkManifests(plugin.logSource);
  }

  active(): void {
    this.#checkAllActive();
  }

  #checkManifests(logSource: string): void {
    const { list } = this;
    if (list.plugins.some(({ state }) => state === "awaiting manifest")) return;
    for (const plugin of this.parts.hooks.order(logSource)) {
      if (plugin.state !== "needs init") continue;
      plugin.kill("unusual", "Cannot meet required hook dependencies");
    }
    for (const plugin of list.plugins) {
      for (const topic of plugin.manifest?.subscriptions ?? []) {
        if (topic === "*" || isKnownTopic(list.plugins, topic)) continue;
        plugin.log("unusual", `topic '${topic}' is not a known notification topic`);
      }
    }
    const listeners = this.#whenManifestsAreIn;
    this.#whenManifestsAreIn = [];
    for (const listener of listeners) listener();
    if (!this.startup) this.configureAll();
  }

  #configure(plugin: HostedPlugin): void {
    const { configs, configuration } = this.parts;
    const valuesOf = (name: string) => configs.values(name).map(({ value }) => value);
    const options = plugin.manifest?.options ?? [];
    plugin.init(
      requestId("init", undefined),
      initParams(options, valuesOf, configuration(this.startup)),
    );
  }

  #checkAllActive(): void {
    if (this.list.plugins.some(({ state }) => state !== "active")) return;
    const listeners = this.#whenAllActive;
    this.#whenAllActive = [];
    for (const listener of listeners) listener();
  }
}
