/** The parts of every line of a watch's report: the time, names, paths and durations. */
import { dirname, relative } from "node:path";
import type { TargetName, Watching } from "../../../events/watch-events.js";
import { clockOf } from "../log-line.js";
import { sanitize } from "../sanitize.js";
import type { Marks, Paint } from "../style.js";
import { shortNames } from "./short-names.js";

export interface LineFormatOptions {
  readonly paint: Paint;
  readonly marks: Marks;
  /** Paths are shown relative to it. */
  readonly cwd: string;
  /** The time of day. */
  readonly now: () => Date;
  /** The keys are served. */
  readonly keys: boolean;
}

/** As wide as what precedes an event's text. */
export const INDENT = " ".repeat(10);

export class LineFormat {
  readonly paint: Paint;
  readonly marks: Marks;
  readonly keys: boolean;
  readonly #options: LineFormatOptions;
  /** rpc-file -> the node's short name; empty while there is only one. */
  #nodes: ReadonlyMap<string, string> = new Map();
  /** path -> the plugin's short name. */
  #plugins: ReadonlyMap<string, string> = new Map();

  constructor(options: LineFormatOptions) {
    this.paint = options.paint;
    this.marks = options.marks;
    this.keys = options.keys;
    this.#options = options;
  }

  /**
   * From now on lines name the node if there are several, and distinguish plugins with the same
   * name.
   */
  nameAll({ nodes, plugins }: Pick<Watching, "nodes" | "plugins">): void {
    this.#plugins = shortNames(plugins.map(({ path }) => path));
    if (nodes.length < 2) return;
    const dirs = shortNames(nodes.map(({ lightningDir }) => lightningDir));
    // Two networks of one lightning-dir have sockets in different folders.
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
   * Whether there are several targets: then a line that does not follow its outcome names its
   * plugin.
   */
  get several(): boolean {
    return this.#nodes.size > 1 || this.#plugins.size > 1;
  }

  /** The line that begins an event: `12:53:14  ✓ text`. */
  line(mark: string, text: string): string {
    return `${this.paint.dim(clockOf(this.#options.now()).slice(0, 8))}  ${mark} ${text}`;
  }

  /** `hello.py`, or `hello.py on l1`. */
  name(name: TargetName): string {
    const plugin = this.#plugins.get(name.path) ?? name.plugin;
    return `${this.paint.bold(sanitize(plugin))}${this.on(name.node)}`;
  }

  on(rpcFile: string): string {
    const label = this.#nodes.get(rpcFile);
    return label === undefined ? "" : ` on ${sanitize(label)}`;
  }

  /** A path, relative if it is below the working directory. */
  path(path: string): string {
    const near = relative(this.#options.cwd, path);
    return sanitize(near !== "" && !near.startsWith("..") ? near : path);
  }

  /** Text with paths below the working directory made relative. */
  relativePaths(text: string): string {
    const { cwd } = this.#options;
    if (cwd === "/") return sanitize(text);
    const pattern = new RegExp(`(?<![\\w./-])${cwd.replace(/[^\w/]/g, "\\$&")}/(?=[^\\s/-])`, "g");
    return sanitize(text.replace(pattern, ""));
  }

  /** `*.py under /home/me/plugin`, shortened if that is the working directory. */
  files(description: string): string {
    const { cwd } = this.#options;
    const here = description.endsWith(` under ${cwd}`);
    return sanitize(here ? description.replace(cwd, "this folder") : description);
  }

  /** The next step, with each of its lines on its own line. */
  fix(fix: string | undefined): string[] {
    if (fix === undefined) return [];
    return fix
      .split("\n")
      .map((line) => `${INDENT}${this.paint.magenta(this.relativePaths(line))}`);
  }
}

/** `31 ms`, `1.2 s`. */
export function duration(ms: number): string {
  return ms < 999.5 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
