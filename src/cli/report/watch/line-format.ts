/** What every line of a watch's report is made of: the time, names, paths and durations. */
import { dirname, relative } from "node:path";
import type { TargetName, Watching } from "../../../events/watch-events.js";
import { harmless } from "../sanitize.js";
import type { Paint } from "../style.js";
import { shortNames } from "./short-names.js";

export interface WordingOptions {
  readonly paint: Paint;
  /** Paths are shown relative to it. */
  readonly cwd: string;
  /** The time of day. */
  readonly now: () => Date;
  /** Keys are listened to. */
  readonly keys: boolean;
}

/** As wide as what stands before an event's text. */
export const INDENT = " ".repeat(10);

export class Wording {
  readonly paint: Paint;
  readonly keys: boolean;
  readonly #options: WordingOptions;
  /** rpc-file -> what a person calls the node; empty while there is only one. */
  #nodes: ReadonlyMap<string, string> = new Map();
  /** path -> what a person calls the plugin. */
  #plugins: ReadonlyMap<string, string> = new Map();

  constructor(options: WordingOptions) {
    this.paint = options.paint;
    this.keys = options.keys;
    this.#options = options;
  }

  /** From now on it is said on which of several nodes something happens; plugins of one name differ. */
  nameAll({ nodes, plugins }: Pick<Watching, "nodes" | "plugins">): void {
    this.#plugins = shortNames(plugins.map(({ path }) => path));
    if (nodes.length < 2) return;
    const dirs = shortNames(nodes.map(({ lightningDir }) => lightningDir));
    // Two networks of one lightning-dir have sockets in folders of their own.
    const isPlain = dirs.size === nodes.length;
    const sockets = shortNames(nodes.map(({ rpcFile }) => dirname(rpcFile)));
    this.#nodes = new Map(
      nodes.map(({ rpcFile, lightningDir }) => [
        rpcFile,
        (isPlain ? dirs.get(lightningDir) : sockets.get(dirname(rpcFile))) ?? rpcFile,
      ]),
    );
  }

  /** There are several targets: what is told apart from its outcome must say whose it is. */
  get several(): boolean {
    return this.#nodes.size > 1 || this.#plugins.size > 1;
  }

  /** The line that begins an event: `12:53:14  ✓ text`. */
  line(mark: string, text: string): string {
    return `${this.paint.dim(timeOfDay(this.#options.now()))}  ${mark} ${text}`;
  }

  /** `hello.py`, or `hello.py on l1`. */
  name(name: TargetName): string {
    const plugin = this.#plugins.get(name.path) ?? name.plugin;
    return `${this.paint.bold(harmless(plugin))}${this.on(name.node)}`;
  }

  on(rpcFile: string): string {
    const label = this.#nodes.get(rpcFile);
    return label === undefined ? "" : ` on ${harmless(label)}`;
  }

  /** A path below the working directory is shown from there. */
  path(path: string): string {
    const near = relative(this.#options.cwd, path);
    return harmless(near !== "" && !near.startsWith("..") ? near : path);
  }

  /** Text in which paths below the working directory are shown from there. */
  near(text: string): string {
    const { cwd } = this.#options;
    if (cwd === "/") return harmless(text);
    const pattern = new RegExp(`(?<![\\w./-])${cwd.replace(/[^\w/]/g, "\\$&")}/(?=[^\\s/-])`, "g");
    return harmless(text.replace(pattern, ""));
  }

  /** `*.py under /home/me/plugin`, where that is the working directory. */
  files(description: string): string {
    const { cwd } = this.#options;
    const here = description.endsWith(` under ${cwd}`);
    return harmless(here ? description.replace(cwd, "this folder") : description);
  }

  fix(fix: string | undefined): string[] {
    return fix === undefined ? [] : [`${INDENT}${this.paint.magenta(this.near(fix))}`];
  }
}

/** `31 ms`, `1.2 s`. */
export function duration(ms: number): string {
  return ms < 999.5 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function timeOfDay(date: Date): string {
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
}
