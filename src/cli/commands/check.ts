/**
 * `cln-dev check`: checks a plugin offline, for editors and CI. An embedded node is started for the
 * check and named in `init`: it answers the plugin's calls, and no real node is affected.
 */
import { relative } from "node:path";
import type { Changes } from "../../diagnose/changes/changes.js";
import { manifestChanges } from "../../diagnose/changes/manifest-diff.js";
import { type CheckResult, checkPlugin } from "../../diagnose/check-plugin.js";
import { runEmbeddedNode } from "../../embedded/node.js";
import { usageFailure } from "../../errors/failure.js";
import { isObject } from "../../jsonrpc/json.js";
import type { NodePlace } from "../../plugin/handshake/init-params.js";
import type { Manifest } from "../../plugin/manifest/manifest.js";
import { redactor } from "../../plugin/secret-options.js";
import type { NodeFlags, PluginSettings } from "../../settings/types.js";
import { FileSource } from "../../watch/files/file-source.js";
import { waitUntilStable } from "../../watch/files/wait-until-stable.js";
import { checkJson, renderCheck } from "../report/check-report.js";
import { failureJson, failureLines } from "../report/failure.js";
import { styleOf } from "../report/style.js";
import { wrapLines } from "../report/wrap.js";
import type { Context, ExitCode } from "./context.js";
import { type PluginCommandFlags, settingsOf } from "./context.js";

export interface CheckFlags extends Pick<PluginCommandFlags, "option"> {
  /** Whether to check again at each change of the plugin, until interrupted. */
  readonly watch?: boolean;
}

const NETWORK = "regtest";

export async function check(
  context: Context,
  args: readonly string[],
  flags: CheckFlags,
): Promise<ExitCode> {
  refuseForeign(context.flags);
  const offline = { ...context, flags: { ...context.flags, embedded: true } };
  const { plugins } = settingsOf(offline, "check", args, { option: flags.option });
  const network = context.flags.network ?? NETWORK;
  const embedded = await runEmbeddedNode({ network, logLevel: "broken" });
  const node = { ...embedded, network };
  try {
    const checks = plugins.map((plugin) => new Check(context, plugin, node));
    // Opened first to catch saves during the first check.
    if (flags.watch) await Promise.all(checks.map((each) => each.open()));
    const results: CheckResult[] = [];
    // One at a time, so that reports do not mix and times are not distorted.
    for (const each of checks) results.push(await each.run());
    if (flags.watch) await Promise.all(checks.map((each) => each.watch()));
    return flags.watch || results.every(({ ok }) => ok) ? 0 : 1;
  } finally {
    await embedded.close();
  }
}

/** Refuses flags that name a node: it would not be used. */
function refuseForeign({ lightningDir, rpcFile, conf }: NodeFlags): void {
  const given = { "--lightning-dir": lightningDir[0], "--rpc-file": rpcFile, "--conf": conf };
  const [flag] = Object.entries(given).find(([, value]) => value !== undefined) ?? [];
  if (flag === undefined) return;
  throw usageFailure(`${flag} cannot be used with cln-dev check`, {
    why: "check touches none of your nodes: it starts an embedded one for the plugin",
    fix: "Leave it out; --network=NAME sets the network that the plugin sees",
  });
}

/** One plugin to check, once or repeatedly. */
class Check {
  readonly #context: Context;
  readonly #plugin: PluginSettings;
  readonly #node: NodePlace;
  readonly #changed = new Set<string>();
  #manifest: Manifest | undefined;
  #source: FileSource | undefined;
  #wake: () => void = () => {};

  constructor(context: Context, plugin: PluginSettings, node: NodePlace) {
    this.#context = context;
    this.#plugin = plugin;
    this.#node = node;
  }

  async run(): Promise<CheckResult> {
    const { signal } = this.#context.io;
    const { path, options } = this.#plugin;
    const result = await checkPlugin({ path, options, node: this.#node, signal });
    if (signal.aborted) return result;
    const before = this.#manifest;
    const now = result.handshake?.manifest;
    this.#print(result, before && now ? manifestChanges(before, now) : undefined);
    this.#manifest = now ?? before;
    return result;
  }

  /** Starts listening for changes. */
  async open(): Promise<void> {
    const { io } = this.#context;
    this.#source = await FileSource.open({
      plugin: this.#plugin,
      onChange: ({ files }) => {
        for (const path of files) this.#changed.add(path);
        this.#wake();
      },
      onNotice: (message) => void io.stderr.write(`${message}\n`),
    });
  }

  /** Checks at each change until interrupted. Changes during a check lead to another one. */
  async watch(): Promise<void> {
    const { signal } = this.#context.io;
    const onAbort = () => this.#wake();
    signal.addEventListener("abort", onAbort);
    try {
      while (!signal.aborted) {
        if (this.#changed.size > 0) {
          await this.#settle();
          await this.run().catch((error: unknown) => this.#failed(error));
        } else {
          await this.#nextHint();
        }
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.#source?.close();
    }
  }

  /** Waits until the files are complete, then clears the changes. */
  async #settle(): Promise<void> {
    const { path } = this.#plugin;
    const others = [...this.#changed].filter((file) => file !== path);
    const nextHint = (ms: number) => this.#nextHint(ms);
    await waitUntilStable({ plugin: path, others, nextHint, signal: this.#context.io.signal });
    this.#changed.clear();
  }

  /** Resolves at the next change, when the signal aborts, or after `ms`. */
  #nextHint(ms?: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Reports that the check itself failed, for example because the plugin was removed. */
  #failed(error: unknown): void {
    const { io, flags } = this.#context;
    const { paint } = styleOf(io.stdout, flags);
    const lines = flags.json
      ? [JSON.stringify({ plugin: this.#plugin.path, ok: false, error: failureJson(error) })]
      : failureLines(error, paint);
    io.stdout.write(`${lines.join("\n")}\n`);
  }

  #print(result: CheckResult, changes: Changes | undefined): void {
    const { io, flags, surroundings } = this.#context;
    const { paint, marks } = styleOf(io.stdout, flags);
    const near = relative(surroundings.cwd, result.path);
    const name = near.startsWith("..") ? result.path : near;
    const hide = redactor(this.#plugin.options);
    const lines = flags.json
      ? [JSON.stringify(withTexts(checkJson(result, changes), hide))]
      : wrapLines(io.stdout, renderCheck(name, result, paint, marks, changes).map(hide));
    if (flags.quiet && result.ok && !flags.json) return;
    io.stdout.write(`${lines.join("\n")}\n`);
  }
}

/** Returns the value with each string in it changed, but not the names of members. */
function withTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((element: unknown) => withTexts(element, change));
  if (!isObject(value)) return value;
  const members = Object.entries(value).map(([name, member]) => [name, withTexts(member, change)]);
  return Object.fromEntries(members);
}
