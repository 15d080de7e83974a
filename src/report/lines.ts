/** The events of a watch session in words: for the terminal and, without colours, for a log. */
import { basename, relative } from "node:path";
import { isObject, parseJson } from "../jsonrpc/json.js";
import type {
  Called,
  Failed,
  LogLine,
  NodeFacts,
  Reloaded,
  TargetName,
  Unreachable,
  WatchEvent,
  Watching,
} from "../watch/events.js";
import { rpcErrorText } from "./failure.js";
import { harmless } from "./harmless.js";
import { indentJson } from "./indent-json.js";
import { renderJson } from "./json-colour.js";
import { renderFindings } from "./post-mortem.js";
import type { Paint } from "./style.js";

export interface LineOptions {
  readonly paint: Paint;
  /** `--verbose`: each step gets a line. */
  readonly verbose: boolean;
  /** `--quiet`: only what went wrong. */
  readonly quiet: boolean;
  readonly version: string;
  /** Paths are shown relative to it. */
  readonly cwd: string;
  /** The time of day. */
  readonly now: () => Date;
  /** Keys are listened to. */
  readonly keys: boolean;
}

/** As wide as what stands before an event's text. */
const INDENT = " ".repeat(10);

/** A result that is no longer stands behind its call. */
const SHORT_RESULT = 60;

export class Lines {
  readonly #options: LineOptions;
  readonly #paint: Paint;
  /** rpc-file -> what a person calls the node; empty while there is only one. */
  #nodes = new Map<string, string>();

  constructor(options: LineOptions) {
    this.#options = options;
    this.#paint = options.paint;
  }

  /** The lines of an event; none where it is not worth one. */
  of(event: WatchEvent): string[] {
    const { quiet, verbose } = this.#options;
    switch (event.event) {
      case "watching":
        this.#nameNodes(event.nodes);
        return quiet ? [] : this.#first(event);
      case "reloading":
        return verbose ? [this.#line("·", `${this.#name(event)} ${this.#why(event)}`)] : [];
      case "phase":
        return verbose ? [this.#line("·", `${this.#name(event)} ${event.phase}`)] : [];
      case "reloaded":
        return quiet ? [] : [this.#good(event)];
      case "failed":
        return this.#failed(event);
      case "refused":
        return [
          this.#line(
            this.#paint.yellow("!"),
            `${clean(event.message)}${this.#still(event.running)}`,
          ),
          ...this.#fix(event.fix),
        ];
      case "unreachable":
        return this.#unreachable(event);
      case "node-gone": {
        const text = `the node${this.#on(event.node)} is gone (${clean(event.message)}); waiting for it`;
        return [this.#line(this.#paint.red("✗"), text)];
      }
      case "node-back": {
        const text = `the node${this.#on(event.node)} is back after ${seconds(event.goneMs)}`;
        return quiet ? [] : [this.#line(this.#paint.green("✓"), text)];
      }
      case "plugin-died":
        return [
          this.#line(
            this.#paint.red("✗"),
            `${this.#name(event)} has died; it is started again at the next save${this.#options.keys ? ", or by r" : ""}`,
          ),
          ...event.log.map((line) => `          ${this.#paint.dim(clean(line))}`),
        ];
      case "explained":
        return this.#told(event);
      case "manifest":
        return quiet ? [] : this.#manifest(event);
      case "called":
        return this.#called(event);
      case "log":
        return [this.#log(event)];
      case "notice":
        return quiet && event.level === "info"
          ? []
          : [
              this.#line(
                event.level === "warn" ? this.#paint.yellow("!") : "·",
                clean(event.message),
              ),
            ];
      case "ended":
        return quiet ? [] : [this.#paint.dim(this.#bye(event.running))];
    }
  }

  #bye(running: readonly string[]): string {
    if (running.length === 0) return "bye";
    const names = running.map(clean).join(", ");
    return `bye; ${names} ${running.length === 1 ? "goes" : "go"} on running`;
  }

  #first(event: Watching): string[] {
    const { dim, bold, cyan } = this.#paint;
    const label = (text: string) => `  ${dim(text.padEnd(9))}`;
    const nodes = event.nodes.map((node) =>
      [
        `${label(node.embedded ? "embedded" : "node")}${cyan(clean(node.network))}`,
        clean(node.version),
        node.id.slice(0, 8),
        this.#path(node.rpcFile),
      ].join("  "),
    );
    const plugins = event.plugins.flatMap((plugin) => [
      [
        `${label("plugin")}${bold(clean(this.#path(plugin.path)))}`,
        ...plugin.options.map(clean),
      ].join("  "),
      `${label("files")}${clean(this.#shorten(plugin.files))}`,
    ]);
    const keys = this.#options.keys ? [`  ${dim("r reload   q quit   ? help")}`] : [];
    return [`${bold("cln-dev")} ${this.#options.version}`, ...nodes, ...plugins, ...keys, ""];
  }

  #good(event: Reloaded): string {
    const { green, dim, bold } = this.#paint;
    const verb = event.stopMs === undefined ? "started" : "reloaded";
    const parts = [
      event.buildMs === undefined ? "" : `build ${ms(event.buildMs)}`,
      event.stopMs === undefined ? "" : `stop ${ms(event.stopMs)}`,
      `start ${ms(event.startMs)}`,
      event.takenOver.length > 0 ? `kept ${event.takenOver.join(", ")}` : "",
      this.#others(event),
    ].filter((part) => part !== "");
    const text = `${this.#name(event)} ${verb} in ${bold(ms(event.totalMs))}`;
    return this.#line(green("✓"), `${text}   ${dim(parts.join("   "))}`);
  }

  /** Why, what to do, and what the plugin itself said. */
  #told({ reason, fix, findings }: Pick<Failed, "reason" | "fix" | "findings">): string[] {
    return [
      ...(reason === undefined ? [] : [`          ${clean(reason)}`]),
      ...this.#fix(fix),
      ...renderFindings(findings, this.#paint, INDENT),
    ];
  }

  #failed(event: Failed): string[] {
    const { red } = this.#paint;
    const said =
      event.code === undefined
        ? clean(event.message)
        : rpcErrorText({ code: event.code, message: event.message });
    const verb = {
      build: "was not built",
      check: "did not pass",
      stop: "did not stop",
      start: "did not start",
    };
    const text = `${this.#name(event)} ${verb[event.phase]}: ${said}${this.#still(event.running)}`;
    return [this.#line(red("✗"), text), ...this.#told(event)];
  }

  #unreachable({ reason, fix, message, ...event }: Unreachable): string[] {
    if (reason === undefined) {
      const text = `${this.#name(event)} waits for the node: ${clean(message)}`;
      return [this.#line(this.#paint.yellow("!"), text)];
    }
    const text = `${this.#name(event)} did not start: the node went away`;
    return [this.#line(this.#paint.red("✗"), text), ...this.#told({ reason, fix, findings: [] })];
  }

  #called({ call, ok, result, before, log }: Called): string[] {
    const { dim, red, cyan } = this.#paint;
    const short = oneLine(result);
    const name = clean(call);
    if (!ok) {
      return [
        `${INDENT}${red("✗")} ${name}   ${clean(errorText(result))}`,
        ...log.map((line) => `${INDENT}  ${dim(clean(line))}`),
      ];
    }
    const head = `${INDENT}${cyan("→")} ${name}`;
    const same = before !== undefined && oneLine(before) === short;
    if (short.length <= SHORT_RESULT && (before === undefined || same)) {
      return [`${head}   ${clean(short)}${same ? dim("   as before") : ""}`];
    }
    if (same) return [`${head}   ${dim("as before")}`];
    const body = renderJson(before, result, this.#paint);
    return [head, ...body.map((line) => `${INDENT}  ${line}`)];
  }

  #log({ plugin, level, text, node }: LogLine): string {
    const { yellow, red, dim } = this.#paint;
    const colours: { readonly [level: string]: (text: string) => string } = {
      unusual: yellow,
      broken: red,
      stderr: (line) => line,
    };
    const said = text
      .split("\n")
      .map((line) => (colours[level] ?? dim)(clean(line)))
      .join("\n            ");
    return `          ${dim(`${clean(plugin)}${this.#on(node)} ${level}:`)} ${said}`;
  }

  #manifest(event: Extract<WatchEvent, { event: "manifest" }>): string[] {
    const { green, red, yellow, dim } = this.#paint;
    const parts = [
      ...event.added.map((text) => green(`+${clean(text)}`)),
      ...event.removed.map((text) => red(`-${clean(text)}`)),
      ...event.changed.map((text) => yellow(`~${clean(text)}`)),
    ];
    return parts.length === 0 ? [] : [`          ${dim("changed:")} ${parts.join("  ")}`];
  }

  #fix(fix: string | undefined): string[] {
    return fix === undefined ? [] : [`          ${this.#paint.cyan(clean(fix))}`];
  }

  #still(running: boolean): string {
    return running ? this.#paint.dim("; the version before goes on running") : "";
  }

  #line(mark: string, text: string): string {
    return `${this.#paint.dim(timeOfDay(this.#options.now()))}  ${mark} ${text}`;
  }

  #name(name: TargetName): string {
    return `${this.#paint.bold(clean(name.plugin))}${this.#on(name.node)}`;
  }

  #on(rpcFile: string): string {
    const label = this.#nodes.get(rpcFile);
    return label === undefined ? "" : ` on ${clean(label)}`;
  }

  #why(event: { readonly cause: string; readonly files: readonly string[] }): string {
    if (event.files.length === 0) return `reloads (${event.cause})`;
    return `reloads: ${event.files.map((file) => clean(this.#path(file))).join(", ")} changed`;
  }

  /** Files other than the plugin's own that made it reload. */
  #others(event: Reloaded): string {
    const others = event.files.filter((file) => file !== event.path);
    return others.map((file) => clean(this.#path(file))).join(", ");
  }

  #nameNodes(nodes: readonly NodeFacts[]): void {
    if (nodes.length < 2) return;
    this.#nodes = new Map(nodes.map((node) => [node.rpcFile, basename(node.lightningDir)]));
  }

  #path(path: string): string {
    const near = relative(this.#options.cwd, path);
    return near !== "" && !near.startsWith("..") ? near : path;
  }

  #shorten(description: string): string {
    const { cwd } = this.#options;
    return description.endsWith(` under ${cwd}`)
      ? description.replace(cwd, "this folder")
      : description;
  }
}

/** The node's words of an error answer: its code and its message. */
function errorText(result: string): string {
  const error = parseJson(result);
  if (!isObject(error)) return result;
  const { code, message } = error;
  return typeof code === "number"
    ? rpcErrorText({ code, message: String(message) })
    : String(message);
}

/** JSON text without the white space between its parts. */
function oneLine(json: string): string {
  return indentJson(json).replace(/\n\s*/g, " ");
}

/** `31 ms`, `1.2 s`. */
function ms(value: number): string {
  return value < 999.5 ? `${Math.round(value)} ms` : seconds(value);
}

function seconds(value: number): string {
  return `${(value / 1000).toFixed(1)} s`;
}

function timeOfDay(date: Date): string {
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
}

function clean(text: string): string {
  return harmless(text);
}
