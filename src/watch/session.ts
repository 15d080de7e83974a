/**
 * A watch session: plugins on nodes, each kept at its latest version. It connects the sources of
 * changes (files, control socket, nodes) to the reloaders, and passes their events on. Keys and
 * signals use its methods. It knows nothing about terminals.
 */
import { basename } from "node:path";
import { isOutcome } from "../events/outcomes.js";
import { redactEvent } from "../events/redact.js";
import type { SessionTarget } from "../events/reload-target.js";
import { targetOf } from "../events/reload-target.js";
import type { Cause, Emit, Outcome, WatchEvent } from "../events/watch-events.js";
import { isBelow } from "../plugin/file/ignore-rules.js";
import type { LogLevel } from "../plugin/log-level.js";
import { redactor } from "../plugin/secret-options.js";
import type { NodeAddress, PluginOption, PluginSettings } from "../settings/types.js";
import { type DuplicateSession, SessionControl } from "./control/session-control.js";
import { isMeant, type RestartFilter } from "./control/target-filter.js";
import { DependencyWatch } from "./files/dependency-watch.js";
import { FileSource, type WatchedFiles } from "./files/file-source.js";
import { FollowUp } from "./follow-up/follow-up.js";
import { initErrorOf, reportInitError } from "./follow-up/init-error.js";
import { type HotEnd, leaveHot } from "./hot/leave-hot.js";
import { TraceSource } from "./hot/trace-source.js";
import { LiveSettings, optionChanges, type SettingsSource } from "./live-settings.js";
import { StderrBuffer } from "./node/stderr-buffer.js";
import { TracebackHold } from "./node/traceback-hold.js";
import { WatchedNode } from "./node/watched-node.js";
import { Reloader } from "./reload/reloader.js";
import { stopAtEnd } from "./reload/stop/stop-at-end.js";
import { watchingEvent } from "./watching-event.js";

export interface SessionOptions {
  /** At least one. */
  readonly plugins: readonly PluginSettings[];
  /** At least one. */
  readonly nodes: readonly NodeAddress[];
  /** Whether the node is the embedded one, in this process. */
  readonly embedded: boolean;
  readonly onEvent: Emit;
  /** The source of the settings: changes in it are applied. */
  readonly settings?: SettingsSource | undefined;
  /** How often to check the files instead of waiting for the system's events, in ms. */
  readonly pollMs?: number | undefined;
  /** How much of each message between node and plugin is traced, in bytes. Default: 0. */
  readonly traceBytes?: number;
  /** Aborts unanswered calls to the node while the session is being opened. */
  readonly signal?: AbortSignal | undefined;
}

export class Session {
  readonly #options: SessionOptions;
  readonly #nodes: readonly WatchedNode[];
  readonly #after = new Map<Reloader, FollowUp>();
  #plugins: readonly PluginSettings[];
  /** By the path of the plugin. */
  readonly #files = new Map<string, FileSource>();
  #settings: LiveSettings | undefined;
  readonly #dependencies: DependencyWatch[] = [];
  readonly #stderr: StderrBuffer;
  readonly #trace: TraceSource;
  readonly #control: SessionControl;
  /** The changed files, by the plugin's path; undefined unless paused. */
  #held: Map<string, Set<string>> | undefined;
  #firstOutcomes: Promise<Outcome[]> = Promise.resolve([]);

  private constructor(given: SessionOptions) {
    // Options that are taken over become known only later.
    const secrets = () => this.#reloaders.flatMap((reloader) => reloader.options);
    const emit = (event: WatchEvent) => {
      try {
        given.onEvent(redactEvent(event, redactor(secrets())));
      } catch (error) {
        // A listener's error must not break the session: it becomes an uncaught exception.
        setImmediate(() => {
          throw error;
        });
      }
    };
    const hold = new TracebackHold(emit, () => this.#reloaders.map(({ realPath }) => realPath));
    const options = { ...given, onEvent: (event: WatchEvent) => hold.event(event) };
    this.#options = options;
    this.#control = new SessionControl({
      embedded: options.embedded,
      targets: () => this.targets,
      restart: (filter) => this.restart("command", filter),
      setOptions: (filter, given) => this.setOptions(filter, given),
      onDuplicate: (duplicate) => this.#noteDuplicate(duplicate),
    });
    this.#trace = new TraceSource(options.onEvent, given.traceBytes ?? 0);
    this.#plugins = options.plugins;
    this.#stderr = new StderrBuffer(options.nodes[0]?.rpcFile ?? "", options.onEvent);
    this.#nodes = options.nodes.map((address) => {
      const reloadersOf = (node: WatchedNode) =>
        options.plugins.map((plugin) => this.#reloaderFor(plugin, node));
      return new WatchedNode(address, reloadersOf, options.onEvent);
    });
  }

  /**
   * Identifies the nodes, starts watching the files, and starts the first reload of every plugin:
   * see {@link firstOutcomes}.
   * @throws Failure if a node is not running, or its plugins must not be started or stopped
   */
  static async open(options: SessionOptions): Promise<Session> {
    const session = new Session(options);
    try {
      await session.#open();
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /**
   * The outcomes of the first reload, one for each target: `refused` with the kind `session-closed`
   * if the session is closed first. Never rejects.
   */
  get firstOutcomes(): Promise<Outcome[]> {
    return this.#firstOutcomes;
  }

  get targets(): readonly SessionTarget[] {
    return this.#reloaders.map(targetOfReloader);
  }

  /**
   * Reloads the targets that the filter matches, even if nothing has changed. Never rejects.
   * @returns an outcome for each target; in a closed session `refused`, with the kind
   *   `session-closed`
   */
  restart(cause: Cause, filter: RestartFilter = {}): Promise<Outcome[]> {
    const wanted = this.#reloaders.filter((reloader) =>
      isMeant(targetOfReloader(reloader), filter),
    );
    return Promise.all(wanted.map((reloader) => reloader.request(cause)));
  }

  /**
   * Applies other settings to plugins of this session, by their paths, and reloads each once. The
   * watched files change with them. Never rejects.
   */
  configure(plugins: readonly PluginSettings[]): Promise<Outcome[]> {
    const next = new Map(plugins.map((plugin) => [plugin.path, plugin]));
    this.#plugins = this.#plugins.map((plugin) => next.get(plugin.path) ?? plugin);
    const reloads = this.#reloaders.flatMap((reloader) => {
      const plugin = next.get(reloader.target.plugin.path);
      if (plugin === undefined) return [];
      reloader.configure(plugin);
      this.#files.get(plugin.path)?.configure(plugin);
      return [reloader.request("settings")];
    });
    return Promise.all(reloads);
  }

  /**
   * Sets options of the plugins that the filter matches, and reloads each once. If one was running
   * and a reload fails, all of them get the previous options back. Never rejects.
   */
  async setOptions(filter: RestartFilter, options: readonly PluginOption[]): Promise<Outcome[]> {
    const wanted = this.#reloaders.filter((one) => isMeant(targetOfReloader(one), filter));
    const paths = new Set(wanted.map(({ target }) => target.plugin.path));
    const ran = wanted.some(({ state }) => state.is === "running");
    const before = this.#plugins.filter(({ path }) => paths.has(path));
    const names = new Set(options.map(({ name }) => name));
    const after = before.map((plugin) => ({
      ...plugin,
      options: [...plugin.options.filter(({ name }) => !names.has(name)), ...options],
    }));
    const { onEvent } = this.#options;
    const changes = after.flatMap((plugin, index) =>
      optionChanges(before[index]?.options ?? [], plugin.options),
    );
    const message = changes.length > 0 ? changes.join("; ") : "the options are unchanged";
    onEvent({ event: "notice", level: "info", message });
    const outcomes = await this.configure(after);
    if (ran && outcomes.some(({ event }) => event === "failed" || event === "refused")) {
      const back = "the previous options are restored";
      onEvent({ event: "notice", level: "warn", message: back });
      await this.configure(before);
    }
    return outcomes;
  }

  /** Collects changed files from now on, instead of reloading, until {@link resume}. */
  pause(): void {
    this.#held ??= new Map();
  }

  get paused(): boolean {
    return this.#held !== undefined;
  }

  /**
   * Reloads once what has changed since {@link pause}.
   * @returns how many files have changed
   */
  resume(): number {
    const held = this.#held ?? new Map<string, Set<string>>();
    this.#held = undefined;
    for (const [path, files] of held) this.#filesChanged(path, [...files]);
    return [...held.values()].reduce((count, files) => count + files.size, 0);
  }

  #filesChanged(plugin: string, files: readonly string[], at?: number): void {
    for (const reloader of this.#reloaders) {
      if (reloader.target.plugin.path === plugin) void reloader.request("file", [...files], at);
    }
  }

  /** What is watched for each plugin. */
  get watched(): readonly (WatchedFiles & { readonly plugin: string })[] {
    return [...this.#files].map(([path, source]) => ({
      plugin: basename(path),
      ...source.watched,
    }));
  }

  /** Makes the user's calls (`--call`) again. */
  repeatCalls(): void {
    for (const after of this.#after.values()) after.repeatCalls();
  }

  /**
   * Switches between all log lines of the plugins and warnings only.
   * @returns the new level
   */
  toggleLogs(): LogLevel {
    const level = this.#nodes.some((node) => node.logLevel === "unusual") ? "debug" : "unusual";
    for (const node of this.#nodes) node.logLevel = level;
    return level;
  }

  /**
   * Takes a line that a plugin on the embedded node wrote to stderr. During a reload the line
   * waits: if the reload fails, the report has it.
   */
  pluginWrote(plugin: string, line: string): void {
    this.#stderr.wrote(plugin, line, this.#reloaders);
  }

  /**
   * Takes a message between the embedded node and a plugin.
   * @param plugin its canonical path
   */
  pluginPassed(plugin: string, direction: "to-plugin" | "to-node", text: string): void {
    const error = direction === "to-node" ? initErrorOf(text) : undefined;
    if (error !== undefined) {
      for (const reloader of this.#reloaders) {
        if (reloader.realPath === plugin) reloader.initError = error;
      }
    }
    if (this.#trace.bytes === 0) return;
    for (const reloader of this.#reloaders) {
      const isOurs = !reloader.target.plugin.hot && reloader.realPath === plugin;
      if (isOurs) this.#trace.take(reloader.target.name, direction, text);
    }
  }

  /** Starts the trace, or stops it with 0. */
  set traceBytes(bytes: number) {
    this.#trace.bytes = bytes;
    for (const { state } of this.#reloaders) {
      if (state.is === "running") state.hot?.trace();
    }
  }

  /** The file names of the plugins that are running. */
  get running(): readonly string[] {
    const running = this.#reloaders.filter(({ state }) => state.is === "running");
    return [...new Set(running.map(({ target }) => target.name.plugin))];
  }

  /**
   * Ends the session.
   * @param stopPlugins whether to stop the plugins; otherwise they keep running
   * @param keepHot whether to leave plugins in hot mode; otherwise the node itself runs them again
   */
  async close(stopPlugins = false, keepHot = false): Promise<void> {
    this.#settings?.close();
    for (const dependencies of this.#dependencies) dependencies.close();
    for (const source of this.#files.values()) source.close();
    await this.#control.close();
    this.#trace.close();
    await Promise.all([...this.#after.values()].map((after) => after.close()));
    await Promise.all(this.#nodes.map((node) => node.close()));
    const ends = stopPlugins || this.#options.embedded;
    await this.#leaveHot(ends ? "stop" : keepHot ? "keep" : "plain");
    if (!stopPlugins) return;
    const { onEvent } = this.#options;
    await Promise.all(this.#reloaders.map((reloader) => stopAtEnd(reloader, onEvent)));
  }

  async #leaveHot(how: HotEnd): Promise<void> {
    const hot = this.#reloaders.filter(({ target }) => target.plugin.hot === true);
    const leaving = hot.map(async ({ target, realPath, state }) => {
      const message = await leaveHot(target, realPath, state, how);
      if (message) this.#options.onEvent({ event: "notice", level: "info", message });
    });
    await Promise.all(leaving);
  }

  get #reloaders(): readonly Reloader[] {
    return this.#nodes.flatMap((node) => node.reloaders);
  }

  async #open(): Promise<void> {
    const { plugins, onEvent, signal, embedded } = this.#options;
    // If one thing cannot be opened, wait for the others, so that close() can close them.
    const [files, nodes] = await Promise.all([
      Promise.allSettled(plugins.map((plugin) => this.#openFiles(plugin))),
      Promise.allSettled(this.#nodes.map((node) => node.open(signal))),
    ]);
    const failed = [...files, ...nodes].find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") throw failed.reason;
    const facts = nodes.flatMap((node) => (node.status === "fulfilled" ? [node.value] : []));
    const problem = await this.#control.open();
    const { settings: source } = this.#options;
    if (source !== undefined) this.#settings = await this.#openSettings(source);
    const settings = source?.file;
    const things = {
      nodes: facts,
      embedded,
      plugins,
      files: this.#files,
      settings,
      control: this.#control.path,
    };
    onEvent(watchingEvent(things));
    if (problem !== undefined) onEvent({ event: "notice", level: "warn", message: problem });
    for (const node of this.#nodes) node.followLogs(embedded);
    this.#firstOutcomes = Promise.all(this.#reloaders.map((reloader) => reloader.request("start")));
    this.#control.announce();
  }

  /** Reports that another session has one of our plugins, too. */
  #noteDuplicate({ session, target }: DuplicateSession): void {
    const message = `another watch session (pid ${session.pid}) is also running ${target.path} on this node: end one of them`;
    this.#options.onEvent({ event: "notice", level: "warn", message });
    for (const reloader of this.#reloaders) {
      const { node } = reloader.target;
      reloader.isShared ||=
        reloader.realPath === target.realPath && node.rpcFile === target.node.rpcFile;
    }
  }

  #reloaderFor(plugin: PluginSettings, node: WatchedNode): Reloader {
    const target = targetOf(plugin, node.address);
    const { onEvent } = this.#options;
    const dependencies = new DependencyWatch(plugin.path, (folder) => {
      void reloader.request("file", [folder]);
    });
    this.#dependencies.push(dependencies);
    const reloader = new Reloader(target, {
      trace: this.#trace,
      emit: (event) => {
        onEvent(event);
        if (event.event === "phase" && event.phase === "start") {
          reloader.stderr = this.#options.embedded ? "" : undefined;
          this.#stderr.begun(reloader);
          reloader.initError = undefined;
        }
        if (event.event === "reloading") {
          node.cancelExplanation(reloader);
          this.#after.get(reloader)?.reloading();
        }
        if (!isOutcome(event)) return;
        this.#stderr.settled(reloader, event);
        dependencies.settled(event);
        node.settled(reloader, event);
        if (event.event !== "reloaded") return;
        const { initError } = reloader;
        const logged = node.recentLog(reloader).join("\n");
        if (initError !== undefined) void reportInitError(reloader, initError, logged, onEvent);
        this.#after.get(reloader)?.reloaded();
      },
      identify: (signal) => node.identify(signal),
      onUnreachable: () => node.checkNow(),
      others: () =>
        this.#reloaders.flatMap((other) => (other === reloader ? [] : (other.starting ?? []))),
      onSlowStart: () => this.#stderr.show(reloader),
    });
    const others = () => node.reloaders.filter((other) => other !== reloader);
    const recentLog = (since: number) => node.recentLog(reloader, since);
    this.#after.set(reloader, new FollowUp(reloader, onEvent, recentLog, others));
    return reloader;
  }

  /** Plugins that share a folder do not reload each other, unless `--watch` names them. */
  #isOtherPlugin(plugin: PluginSettings, path: string): boolean {
    const named = [...plugin.watch, ...plugin.only];
    if (named.some((watched) => watched === path || isBelow(watched, path))) return false;
    return this.#reloaders.some(
      ({ target, realPath }) =>
        target.plugin.path !== plugin.path && (target.plugin.path === path || realPath === path),
    );
  }

  async #openFiles(opened: PluginSettings): Promise<void> {
    const { onEvent, pollMs } = this.#options;
    const source = await FileSource.open({
      plugin: opened,
      onChange: ({ files, at }) => {
        const plugin = this.#plugins.find(({ path }) => path === opened.path) ?? opened;
        const own = files.filter((path) => !this.#isOtherPlugin(plugin, path));
        if (own.length === 0) return;
        if (this.#held === undefined) {
          this.#filesChanged(plugin.path, own, at);
          return;
        }
        if (this.#held.size === 0) {
          const message = `paused: ${own.map((file) => basename(file)).join(", ")} changed`;
          onEvent({ event: "notice", level: "info", message });
        }
        const held = this.#held.get(plugin.path) ?? new Set();
        this.#held.set(plugin.path, held);
        for (const file of own) held.add(file);
      },
      onNotice: (message, level) => onEvent({ event: "notice", level, message }),
      pollMs,
    });
    this.#files.set(opened.path, source);
  }

  #openSettings(source: SettingsSource): Promise<LiveSettings> {
    const { onEvent } = this.#options;
    const name = basename(source.file);
    return LiveSettings.open(source, {
      onChange: (edits, changes) => {
        const message = `${name} has changed: ${changes.join("; ")}`;
        onEvent({ event: "notice", level: "info", message });
        const plugins = edits.flatMap(({ path, applyTo }) => {
          const current = this.#plugins.find((plugin) => plugin.path === path);
          return current === undefined ? [] : [applyTo(current)];
        });
        void this.configure(plugins);
      },
      onNotice: (message) => onEvent({ event: "notice", level: "warn", message }),
    });
  }
}

function targetOfReloader({ target, realPath }: Reloader): SessionTarget {
  return { path: target.name.path, realPath, node: target.node };
}
