/**
 * A plugin in hot mode as its watch session sees it: the front in the node's list, the host behind
 * it, and what the host reports in addition to reloads.
 */
import { dirname } from "node:path";
import { diagnoseDead, type Started } from "../../diagnose/on-demand.js";
import { Failure } from "../../errors/failure.js";
import type { Target } from "../../events/reload-target.js";
import type { Emit } from "../../events/watch-events.js";
import { tryStat } from "../../filesystem/try-read.js";
import { type HotEvent, type HotOutcome, PROTOCOL } from "../../hot/protocol.js";
import type { PluginFile } from "../../plugin/file/plugin-file.js";
import type { PluginSettings } from "../../settings/types.js";
import { describe, type HotFolder, hotFolder, writeFronts } from "./front-files.js";
import { HostClient, hostProgram } from "./host-client.js";
import type { TraceSource } from "./trace-source.js";

/** The longest unfinished line that is kept, in characters. */
const MAX_LINE = 4096;
/** How long a host may take to end its versions, in ms. */
const END_MS = 6_000;

export class HotPlugin {
  readonly folder: HotFolder;
  readonly #target: Target;
  readonly #file: PluginFile;
  #settings: PluginSettings;
  readonly #emit: Emit;
  readonly #trace: TraceSource | undefined;
  #client: HostClient | undefined;
  #isStatic = false;
  /** The number of the version that serves; later ones are being tried. */
  #serving = 0;
  /** Whether the serving version has died; its death is reported at once. */
  #hasDied = false;
  /** What versions that are being tried have written to stderr: shown once they serve. */
  readonly #held = new Map<number, string>();
  readonly #lines = new Map<number, string>();
  #started: Started | undefined;
  #signal: AbortSignal | undefined;

  constructor(target: Target, file: PluginFile, emit: Emit, trace: TraceSource | undefined) {
    this.#trace = trace;
    this.#settings = target.plugin;
    this.#target = target;
    this.#emit = emit;
    this.folder = hotFolder(file.realPath, target.node.rpcFile);
    this.#file = file;
  }

  /** Writes the front that the node starts. @throws Failure `hot-folder`, `hot-node` */
  prepare(): void {
    refuseOtherUser(this.#target.node.rpcFile);
    writeFronts(this.#description(), hostProgram());
  }

  /**
   * Connects to the running host.
   * @param listens whether to show its reports; false at the end of a session
   * @returns why that host cannot be used; undefined if connected
   */
  async connect(listens = true): Promise<"none" | "other-release" | undefined> {
    const client = await HostClient.connect(
      this.folder,
      (event) => {
        if (listens) this.#take(event);
      },
      () => {
        this.#client = undefined;
      },
    );
    if (client === undefined) return "none";
    const { protocol, release, version } = client.hello;
    if (protocol !== PROTOCOL || release !== CLN_DEV_VERSION) {
      client.close();
      return "other-release";
    }
    this.#client = client;
    this.#isStatic = client.hello.isStatic;
    this.#serving = version;
    this.trace();
    return undefined;
  }

  /** Whether it was already reported that the plugin has died. */
  get hasDied(): boolean {
    return this.#hasDied;
  }

  get connected(): boolean {
    return this.#client !== undefined;
  }

  /**
   * Whether the node's own config starts the front: it then cannot be registered again while the
   * node runs.
   */
  get isStatic(): boolean {
    return this.#isStatic;
  }

  /** Asks the host to try the file as it is now. @returns undefined if the host has ended */
  async reload(settings: PluginSettings, register: boolean): Promise<HotOutcome | undefined> {
    this.#settings = settings;
    describe(this.folder, this.#description());
    const outcome = await this.#client?.reload(register);
    if (outcome?.result === "switched") this.#serves(outcome.version);
    if (outcome?.result === "failed") {
      this.#held.delete(outcome.version);
      this.#trace?.ended(this.#target.name, outcome.version);
    }
    return outcome;
  }

  /** See {@link HostClient.makeWay}. */
  async makeWay(): Promise<{ pending: number; outcome: Promise<HotOutcome | undefined> }> {
    const way = await this.#client?.makeWay();
    if (way === undefined) return { pending: 0, outcome: Promise.resolve(undefined) };
    const outcome = way.outcome.then((event) => {
      if (event?.result === "switched") this.#serves(event.version);
      return event;
    });
    return { pending: way.pending, outcome };
  }

  async takeBack(): Promise<void> {
    await this.#client?.takeBack();
  }

  /** Sets the start that explains a later death. */
  setStarted(started: Started, signal: AbortSignal): void {
    this.#started = started;
    this.#signal = signal;
  }

  /** Starts or stops the trace, according to the session's current setting. */
  trace(): void {
    this.#client?.trace(this.#trace?.bytes ?? 0);
  }

  /** Resolves when the host has ended, and the plugin with it, or after {@link END_MS}. */
  async ended(): Promise<void> {
    await this.#client?.ended(END_MS);
  }

  close(): void {
    this.#client?.close();
    this.#client = undefined;
  }

  #description() {
    const { run = {} } = this.#settings;
    // A debugger's port is only free once the old version has ended.
    const handover = this.#settings.handover ?? (run.debug ? "old-first" : undefined);
    const node = this.#target.node.rpcFile;
    return { plugin: this.#file.realPath, node, ...run, handover };
  }

  #serves(version: number): void {
    this.#serving = version;
    this.#hasDied = false;
    for (const [number, text] of this.#held) {
      if (number <= version) this.#show(number, text);
    }
    this.#held.clear();
  }

  #take(event: HotEvent): void {
    switch (event.event) {
      case "stderr":
        if (event.version <= this.#serving) this.#show(event.version, event.text);
        else {
          const before = this.#held.get(event.version) ?? "";
          this.#held.set(event.version, `${before}${event.text}`.slice(-64 * 1024));
        }
        break;
      case "trace":
        this.#trace?.pass(this.#target.name, event);
        break;
      case "died":
        this.#trace?.ended(this.#target.name, event.version);
        void this.#died(event.stderr);
        break;
      case "stray":
        void this.#strayed(event.text);
        break;
      case "unknown-id":
        this.#notice(
          `${this.#target.name.plugin} answered ${event.id}, an id that the node never sent, so the caller waits for ever. Send the id back exactly as received, quotes and escapes included`,
        );
        break;
      case "cut":
        this.#notice(
          `the previous version of ${this.#target.name.plugin} was stopped with unanswered calls: ${event.methods.join(", ")}`,
        );
        break;
      case "lost":
        this.#notice(`${event.count} events of ${this.#target.name.plugin} were too many to show`);
        break;
      default:
        break;
    }
  }

  #notice(message: string): void {
    this.#emit({ event: "notice", level: "warn", message });
  }

  #show(version: number, text: string): void {
    const lines = `${this.#lines.get(version) ?? ""}${text}`.split("\n");
    const rest = lines.pop() ?? "";
    this.#lines.clear();
    if (rest.length > MAX_LINE) lines.push(rest);
    else if (rest !== "") this.#lines.set(version, rest);
    const { plugin, node } = this.#target.name;
    for (const line of lines) {
      const named = { event: "log", node, plugin, level: "stderr", time: undefined } as const;
      this.#emit({ ...named, text: line });
    }
  }

  async #died(stderr: string): Promise<void> {
    this.#hasDied = true;
    this.#emit({ event: "plugin-died", ...this.#target.name, stopped: false, log: [] });
    if (this.#started === undefined || this.#signal === undefined) return;
    const diagnosis = await diagnoseDead(this.#started, { stderr, log: [] }, this.#signal);
    if (this.#signal.aborted) return;
    this.#emit({ event: "explained", ...this.#target.name, ...diagnosis });
  }

  async #strayed(text: string): Promise<void> {
    const { findPrint } = await import("../../diagnose/evidence/find-print.js");
    const printed = findPrint(this.#file, text);
    const where = printed === undefined ? "" : ` (${printed.file}:${printed.line})`;
    this.#notice(
      `${this.#target.name.plugin} wrote to stdout: ${JSON.stringify(text.slice(0, 200))}${where}. Write to stderr instead: without hot mode, lightningd kills the plugin for this`,
    );
  }
}

/**
 * Throws if the node runs as another user. A front is in a private directory, so only a node of
 * this user can start it.
 * @param rpcFile the owner is that of the nearest existing folder if it does not exist yet
 * @throws Failure `hot-node`
 */
export function refuseOtherUser(rpcFile: string): void {
  const networkDir = dirname(rpcFile);
  const paths = [rpcFile, networkDir, dirname(networkDir)];
  const owner = paths.map(tryStat).find(Boolean)?.uid;
  if (owner === undefined || owner === process.getuid?.()) return;
  throw notForHotMode(rpcFile, `it runs as another user (number ${owner})`);
}

/**
 * Returns the failure for a node that does not work with hot mode.
 * @param why why the node cannot start our front
 */
export function notForHotMode(rpcFile: string, why: string): Failure {
  return new Failure({
    kind: "hot-node",
    what: `hot mode does not work with the node at ${rpcFile}`,
    why,
    fix: "Watch without --hot, or run cln-dev as the node's user and on its machine",
    exitCode: 1,
  });
}
