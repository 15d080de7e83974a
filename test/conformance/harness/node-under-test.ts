/**
 * A node as a scenario sees it, whatever its kind: calls, bare connections, plugins, log lines. What
 * differs from run to run (paths, versions, counters, pids) is made the same in all that it gives, so
 * that two nodes can be compared and literal values be expected.
 */
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { configText } from "../nodes/embedded.js";
import type { NodeKind, NodeStart, RunningNode } from "../nodes/node-kind.js";
import { callText } from "./call.js";
import { isRecord, type Json, type JsonRecord, parse, show } from "./json.js";
import { normaliser } from "./normalise.js";
import { RawClient } from "./raw-client.js";
import { type PluginSpec, ScriptedPlugin } from "./scripted-plugin.js";
import { until } from "./until.js";

/** `result` or `error`, and no more than that. */
export type Answer = JsonRecord;

export class NodeUnderTest {
  readonly kind: NodeKind;
  readonly plugins: ScriptedPlugin[] = [];
  readonly #clients: RawClient[] = [];
  readonly #fresh: NodeUnderTest[] = [];
  readonly #logStart: number;
  readonly #normalise: (text: string) => string;

  /**
   * @param folder for the scenario's files, without symlinks in its path
   * @param startNode starts another node of the same kind
   */
  constructor(
    readonly running: RunningNode,
    readonly folder: string,
    private readonly startNode: (start: NodeStart) => Promise<RunningNode>,
  ) {
    this.kind = running.kind;
    this.#normalise = normaliser(running, folder);
    this.#logStart = logSize(running.logFile);
  }

  /** Calls a method. The answer is without `jsonrpc` and `id`. */
  async call(method: string, params: Json = {}, deadlineMs?: number): Promise<Answer> {
    return this.callRaw(method, JSON.stringify(params), deadlineMs);
  }

  /** The same with the text of the params, for what an object cannot say. */
  async callRaw(method: string, params: string, deadlineMs?: number): Promise<Answer> {
    return this.readAnswer(await callText(this.running.rpcFile, method, params, deadlineMs));
  }

  /** The result of a call. @throws Error if the node answers with an error */
  async result(method: string, params: Json = {}): Promise<Json> {
    const answer = await this.call(method, params);
    if (!("result" in answer)) throw new Error(`${method} failed: ${show(answer.error)}`);
    return answer.result ?? null;
  }

  /** Makes sense of an answer's text: what differs from run to run is made the same. */
  readAnswer(text: string): Answer {
    const { jsonrpc: _, id: __, ...rest } = this.readMessage(text);
    return rest;
  }

  /** The same, with `jsonrpc` and `id`. */
  readMessage(text: string): JsonRecord {
    const message = parse(this.#normalise(text));
    if (!isRecord(message)) throw new Error(`no object: ${text}`);
    return withoutOwnPlugins(message);
  }

  normalise(text: string): string {
    return this.#normalise(text);
  }

  /** A bare connection, closed after the scenario. */
  connect(): RawClient {
    const client = new RawClient(this.running.rpcFile);
    this.#clients.push(client);
    return client;
  }

  /** Writes a plugin into the scenario's folder. */
  plugin(name: string, spec: PluginSpec = {}): ScriptedPlugin {
    return this.#addPlugin(join(this.folder, name), spec);
  }

  /** Writes a file into the scenario's folder and gives its path. */
  file(name: string, text: string, mode = 0o755): string {
    const path = join(this.folder, name);
    writeFileSync(path, text, { mode });
    return path;
  }

  subfolder(name: string): string {
    const path = join(this.folder, name);
    mkdirSync(path);
    return path;
  }

  /** Writes a plugin into a folder of the node's own lightning-dir. */
  pluginInLightningDir(folder: string, name: string, spec: PluginSpec = {}): ScriptedPlugin {
    const path = join(this.running.lightningDir, folder);
    mkdirSync(path, { recursive: true });
    return this.#addPlugin(join(path, name), spec);
  }

  /** Writes the config file of the lightning-dir again, as its owner might by hand. */
  writeConfig(lines: readonly string[]): void {
    writeFileSync(join(this.running.lightningDir, "config"), configText(lines));
  }

  link(name: string, target: string): string {
    const path = join(this.folder, name);
    symlinkSync(target, path);
    return path;
  }

  /** Asks for the start of a plugin: by position, or by keyword if there are options. */
  start(plugin: ScriptedPlugin | string, options?: JsonRecord): Promise<Answer> {
    const path = typeof plugin === "string" ? plugin : plugin.path;
    if (options === undefined) return this.call("plugin", ["start", path]);
    return this.call("plugin", { subcommand: "start", plugin: path, ...options });
  }

  /** Starts a plugin that is expected to start. */
  async started(plugin: ScriptedPlugin, options?: JsonRecord): Promise<ScriptedPlugin> {
    const answer = await this.start(plugin, options);
    if (!("result" in answer)) {
      throw new Error(`${plugin.name} did not start: ${show(answer.error)}`);
    }
    return plugin;
  }

  stop(plugin: ScriptedPlugin | string): Promise<Answer> {
    return this.call("plugin", ["stop", typeof plugin === "string" ? plugin : plugin.path]);
  }

  /** The plugins that the node lists, but for its own. */
  list(): Promise<Json> {
    return this.result("plugin", ["list"]).then((result) =>
      isRecord(result) ? (result.plugins ?? null) : null,
    );
  }

  /** Waits until the node lists a plugin so: `{active: true}`. */
  untilListed(name: string, wanted: JsonRecord): Promise<Json> {
    const fits = (plugin: Json) =>
      isRecord(plugin) &&
      plugin.name === `<folder>/${name}` &&
      Object.entries(wanted).every(([key, value]) => plugin[key] === value);
    return until(`${name} is listed as ${show(wanted)}`, async () => {
      const list = await this.list();
      return Array.isArray(list) ? (list as readonly Json[]).find(fits) : undefined;
    });
  }

  /** The node's log since the scenario began, without times: `INFO    plugin-x: text`. */
  logLines(source?: string): string[] {
    const bytes = readFileSync(this.running.logFile).subarray(this.#logStart);
    const lines = this.#normalise(bytes.toString("utf8"))
      .split("\n")
      .map((line) => line.replace(/^\S+T\S+Z /, ""));
    return source === undefined
      ? lines
      : lines.filter((line) => line.slice(8).startsWith(`${source}: `));
  }

  /** Waits for a line of the log that holds a text. */
  logs(text: string): Promise<string> {
    return until(`the log says ${text}`, () => this.logLines().find((line) => line.includes(text)));
  }

  /** Starts another node of the same kind, which is ended after the scenario. */
  async fresh(start: NodeStart = {}): Promise<NodeUnderTest> {
    const running = await this.startNode(start);
    try {
      const node = new NodeUnderTest(running, this.folder, this.startNode);
      this.#fresh.push(node);
      return node;
    } catch (error) {
      await running.end();
      throw error;
    }
  }

  /** Waits until the node has ended. */
  async ends(): Promise<void> {
    await until("the node ends", () => this.running.hasEnded());
  }

  #letGo(): void {
    for (const client of this.#clients) client.close();
    for (const plugin of this.plugins) plugin.end();
  }

  async #end(): Promise<void> {
    try {
      this.#letGo();
    } finally {
      await this.running.end();
    }
  }

  #addPlugin(path: string, spec: PluginSpec): ScriptedPlugin {
    const plugin = new ScriptedPlugin(path, this.folder, spec, (text) => this.#normalise(text));
    this.plugins.push(plugin);
    return plugin;
  }

  /** Ends what the scenario has begun. The node itself, if it is not the scenario's own, goes on. */
  async cleanUp(): Promise<void> {
    this.#letGo();
    const ends = await Promise.allSettled(this.#fresh.map((node) => node.#end()));
    for (const end of ends) if (end.status === "rejected") throw end.reason;
    if (this.running.hasEnded()) return;
    await until(
      "the scenario's plugins are off the list",
      async () => {
        const list = await this.list();
        return Array.isArray(list) && !list.some((plugin) => show(plugin).includes("<folder>"));
      },
      3_000,
    );
  }
}

function logSize(path: string): number {
  return statSync(path).size;
}

/** A lightningd runs its own plugins, which do not matter here. */
function withoutOwnPlugins(message: JsonRecord): JsonRecord {
  const { result } = message;
  if (!isRecord(result) || !Array.isArray(result.plugins)) return message;
  const plugins = (result.plugins as readonly Json[]).filter(
    (plugin) => !show(plugin).includes("<own-plugins>"),
  );
  return { ...message, result: { ...result, plugins } };
}
