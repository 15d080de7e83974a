/**
 * How plugins come up: process, `getmanifest`, `init`, and the moments at which all of them wait for
 * one another (lightningd/plugin.c). Used by plugin-host.ts, which has the list of them.
 */
import type { Token } from "../../jsonrpc/token.js";
import type { HookBook } from "../hooks/hook-chains.js";
import { isKnownTopic } from "../hooks/notifications.js";
import { jsonText } from "../rpc/json-text.js";
import type { ConfigVars } from "../state/config-vars.js";
import type { HostedPlugin } from "./hosted-plugin.js";
import { requestId } from "./open-requests.js";
import { type InitConfiguration, initParams } from "./plugin-init.js";
import { logMissingManifest, takeManifest } from "./plugin-manifest.js";

export interface PluginStartsParts {
  readonly hooks: HookBook;
  readonly configs: ConfigVars;
  readonly configuration: InitConfiguration;
  /** How long a plugin may take for its manifest, and again for its init, in ms. */
  readonly startTimeoutMs: number;
  readonly isBuiltin: (method: string) => boolean;
}

/** What it needs of the list. */
export interface PluginList {
  readonly plugins: readonly HostedPlugin[];
  readonly isShuttingDown: boolean;
  ownerOfMethod(name: string): HostedPlugin | undefined;
  /** The plugin is up, or passes for that. */
  started(plugin: HostedPlugin): void;
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
    const fail = (error: Error) => {
      plugin.end();
      onSpawnError(error);
      this.#checkAllActive();
    };
    if (this.list.isShuttingDown) {
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

  #ask(
    plugin: HostedPlugin,
    method: string,
    callerId: string | undefined,
    params: string,
    onAnswer: (answer: Token) => void,
  ): void {
    const id = requestId(method, callerId);
    const text = `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}}\n\n`;
    plugin.request(id, text, {
      onAnswer: (answer) => {
        if (answer !== undefined) onAnswer(answer);
        else if (method === "getmanifest") logMissingManifest(plugin, id);
        // lightningd takes its own word for the answer of a plugin that died: an error, so a success.
        else if (method === "init") this.list.started(plugin);
      },
    });
  }

  #manifestCame(plugin: HostedPlugin, answer: Token): void {
    const refusal = takeManifest(plugin, answer, this.parts, (name) =>
      this.parts.isBuiltin(name) ? "lightningd" : this.list.ownerOfMethod(name)?.path,
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
    this.list.started(plugin);
    this.#checkAllActive();
  }

  #checkAllActive(): void {
    if (this.list.plugins.some(({ state }) => state !== "active")) return;
    const listeners = this.#whenAllActive;
    this.#whenAllActive = [];
    for (const listener of listeners) listener();
  }
}
