/** Formats the parts shared by a watch's lines: the time, names, paths and durations. */
import { dirname, relative } from "node:path";
import type { TargetName, Watching } from "../../../events/watch-events.js";
import { clockOf } from "../log-line.js";
import { sanitize } from "../sanitize.js";
import type { Marks, Paint } from "../style.js";
import { shortNames } from "./short-names.js";

export interface LineFormatOptions {
  readonly paint: Paint;
  readonly marks: Marks;
  /** The working directory: paths below it are shown relative to it. */
  readonly cwd: string;
  /** Returns the current time. */
  readonly now: () => Date;
  /** Whether the keys are served. */
  readonly keys: boolean;
}

/** The indent of the lines that follow an event's first line. */
export const INDENT = " ".repeat(10);

export class LineFormat {
  readonly paint: Paint;
  readonly marks: Marks;
  readonly keys: boolean;
  readonly #options: LineFormatOptions;
  /** The short name of each node by its rpc-file; empty if there is only one. */
  #nodes: ReadonlyMap<string, string> = new Map();
  /** The short name of each plugin by its path. */
  #plugins: ReadonlyMap<string, string> = new Map();

  constructor(options: LineFormatOptions) {
    this.paint = options.paint;
    this.marks = options.marks;
    this.keys = options.keys;
    this.#options = options;
  }

  /**
   * Sets the names to use from now on: lines name the node if there are several, and plugins with
   * the same name are told apart.
   */
  nameAll({ nodes, plugins }: Pick<Watching, "nodes" | "plugins">): void {
    this.#plugins = shortNames(plugins.map(({ path }) => path));
    if (nodes.length < 2) return;
    const dirs = shortNames(nodes.map(({ lightningDir }) => lightningDir));
    // Two networks of one lightning-dir differ in the folders of their sockets.
    const isPlain = dirs.size === nodes.length;
    const sockets = shortNames(nodes.map(({ rpcFile }) => dirname(rpcFile)));
    this.#nodes = new Map(
      nodes.map(({ rpcFile, lightningDir }) => [
        rpcFile,
        (isPlain ? dirs.get(lightningDir) : sockets.get(dirname(rpcFile))) ?? rpcFile,
      ]),
    );
  }

  /**
   * Whether there are several targets. If so, a line that does not follow its target's outcome
   * names the plugin.
   */
  get several(): boolean {
    return this.#nodes.size > 1 || this.#plugins.size > 1;
  }

  /** Formats the first line of an event: `12:53:14  ✓ text`. */
  line(mark: string, text: string): string {
    return `${this.paint.dim(clockOf(this.#options.now()).slice(0, 8))}  ${mark} ${text}`;
  }

  /** Formats a target's name: `hello.py`, or `hello.py on l1`. */
  name(name: TargetName): string {
    const plugin = this.#plugins.get(name.path) ?? name.plugin;
    return `${this.paint.bold(sanitize(plugin))}${this.on(name.node)}`;
  }

  on(rpcFile: string): string {
    const label = this.#nodes.get(rpcFile);
    return label === undefined ? "" : ` on ${sanitize(label)}`;
  }

  /** Formats a path, relative if it is below the working directory. */
  path(path: string): string {
    const near = relative(this.#options.cwd, path);
    return sanitize(near !== "" && !near.startsWith("..") ? near : path);
  }

  /** Makes the paths in a text relative if they are below the working directory. */
  relativePaths(text: string): string {
    const { cwd } = this.#options;
    if (cwd === "/") return sanitize(text);
    const pattern = new RegExp(`(?<![\\w./-])${cwd.replace(/[^\w/]/g, "\\$&")}/(?=[^\\s/-])`, "g");
    return sanitize(text.replace(pattern, ""));
  }

  /** Shortens `*.py under /home/me/plugin` if that is the working directory. */
  files(description: string): string {
    const { cwd } = this.#options;
    const here = description.endsWith(` under ${cwd}`);
    return sanitize(here ? description.replace(cwd, "this folder") : description);
  }

  /** Formats the next step, one line of output for each of its lines. */
  fix(fix: string | undefined): string[] {
    if (fix === undefined) return [];
    return fix
      .split("\n")
      .map((line) => `${INDENT}${this.paint.magenta(this.relativePaths(line))}`);
  }
}

/** Formats a duration: `31 ms`, `1.2 s`. */
export function duration(ms: number): string {
  return ms < 999.5 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
