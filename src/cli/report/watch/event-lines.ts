/** Formats the events of a watch session as lines: for the terminal or, uncoloured, for a log. */
import type {
  Failed,
  LogLine,
  Notice,
  PluginDied,
  Refused,
  Reloading,
  Unreachable,
  WatchEvent,
} from "../../../events/watch-events.js";
import { sanitize } from "../sanitize.js";
import { traceLine } from "../trace/trace-lines.js";
import { wrapLine } from "../wrap.js";
import { calledLines, changedLines, logLines, ranLines } from "./activity-lines.js";
import { headerLines } from "./header.js";
import { duration, INDENT, LineFormat, type LineFormatOptions } from "./line-format.js";
import { LogLimit } from "./log-limit.js";
import { explanationLines, initErrorLines, outcomeLines, sameAgainLine } from "./outcome-lines.js";

export interface EventLinesOptions extends LineFormatOptions {
  /** `--verbose`: every step gets a line. */
  readonly verbose: boolean;
  /** `--quiet`: failures only. */
  readonly quiet: boolean;
  readonly version: string;
  /** Returns the terminal's current columns; undefined if unlimited. */
  readonly width: () => number | undefined;
}

export class EventLines {
  readonly #options: EventLinesOptions;
  readonly #format: LineFormat;
  readonly #logLimit: LogLimit;
  /** The last failure of each target, removed by its next successful reload. */
  readonly #failures = new Map<string, string>();
  /** Whether the session ends with its node. */
  #embedded = false;
  /** Whether anything has been printed below the header. */
  #hasBegun = false;
  /** Whether the next line begins another reload. */
  #isNext = false;

  constructor(options: EventLinesOptions) {
    this.#options = options;
    this.#format = new LineFormat(options);
    this.#logLimit = new LogLimit(() => options.now().getTime());
  }

  /** Returns the lines of an event; empty if it needs none. */
  of(event: WatchEvent): string[] {
    if (event.event === "reloading") this.#isNext = this.#hasBegun;
    const lines = [...(event.event === "log" ? [] : this.leftOut()), ...this.#linesOf(event)];
    if (lines.length === 0) return [];
    const gap = this.#isNext ? [""] : [];
    this.#isNext = false;
    this.#hasBegun = event.event !== "watching";
    const width = this.#options.width();
    return [...gap, ...lines.flatMap((line) => wrapLine(line, width))];
  }

  /** Whether log lines were dropped that {@link leftOut} has not counted yet. */
  get hasLeftOut(): boolean {
    return this.#logLimit.isOver;
  }

  /** Returns lines that report how many log lines were dropped since the last call. */
  leftOut(): string[] {
    return this.#logLimit
      .takeLeftOut()
      .map(([source, lines]) =>
        this.#format.paint.dim(`${INDENT}${sanitize(source)} logged ${lines} more lines`),
      );
  }

  #linesOf(event: WatchEvent): string[] {
    const format = this.#format;
    const { paint, marks } = format;
    switch (event.event) {
      case "watching":
        format.nameAll(event);
        this.#embedded = event.nodes.some((node) => node.embedded);
        return this.#unlessQuiet(headerLines(event, format, this.#options.version));
      case "reloading":
        return this.#ifVerbose(`${format.name(event)} ${why(event, format)}`);
      case "phase":
        return this.#ifVerbose(`${format.name(event)} ${event.phase}`);
      case "reloaded":
      case "unchanged":
        this.#failures.delete(`${event.path} ${event.node}`);
        return this.#unlessQuiet(outcomeLines(event, format));
      case "failed":
      case "refused":
      case "unreachable":
        return this.#failure(event);
      case "node-gone": {
        // It does not come back: the session reports that and ends.
        if (this.#embedded) return [];
        const text = `the node${format.on(event.node)} is gone (${sanitize(event.message)})`;
        return [format.line(paint.red(marks.bad), `${text}; waiting for it`)];
      }
      case "node-back": {
        const text = `the node${format.on(event.node)} is back after ${duration(event.goneMs)}`;
        return this.#unlessQuiet([format.line(paint.green(marks.good), text)]);
      }
      case "plugin-died":
        return died(event, format);
      case "explained":
        return event.message === undefined
          ? [
              ...(format.several ? [`${INDENT}${format.name(event)}:`] : []),
              ...explanationLines(event, format),
            ]
          : initErrorLines(event, event.message, format);
      case "manifest":
        return this.#unlessQuiet(changedLines(event, format));
      case "calling":
        return this.#ifVerbose(`${format.name(event)} → ${sanitize(event.call)}`);
      case "called":
        return event.ok
          ? this.#unlessQuiet(calledLines(event, format))
          : calledLines(event, format);
      case "ran":
        return event.ok ? this.#unlessQuiet(ranLines(event, format)) : ranLines(event, format);
      case "log":
        return this.#log(event);
      case "trace": {
        const plugin = format.several ? format.name(event) : undefined;
        return [traceLine(event, { paint, width: this.#options.width(), plugin })];
      }
      case "notice":
        return event.level === "info"
          ? this.#unlessQuiet(notice(event, format))
          : notice(event, format);
      case "ended":
        return this.#unlessQuiet([paint.dim(farewell(event.running))]);
    }
  }

  /** Formats a failure; one identical to the target's last failure takes one line. */
  #failure(event: Failed | Refused | Unreachable): string[] {
    const target = `${event.path} ${event.node}`;
    const essence = JSON.stringify({ ...event, cause: "", files: [], totalMs: 0 });
    const isSame = this.#failures.get(target) === essence;
    this.#failures.set(target, essence);
    return isSame ? [sameAgainLine(event, this.#format)] : outcomeLines(event, this.#format);
  }

  #log(event: LogLine): string[] {
    if (this.#options.quiet && event.level !== "broken") return [];
    const lines = logLines(event, this.#format);
    const isDetail = !["broken", "unusual", "stderr"].includes(event.level);
    const source = `${event.plugin}${this.#format.on(event.node)}`;
    if (!this.#logLimit.allows(source, lines.length, isDetail)) return [];
    return lines;
  }

  #unlessQuiet(lines: string[]): string[] {
    return this.#options.quiet ? [] : lines;
  }

  #ifVerbose(text: string): string[] {
    return this.#options.verbose ? [this.#format.line(this.#format.marks.step, text)] : [];
  }
}

function why({ cause, files }: Reloading, format: LineFormat): string {
  if (files.length === 0) return `reloads (${cause})`;
  return `reloads: ${files.map((file) => format.path(file)).join(", ")} changed`;
}

function died(event: PluginDied, format: LineFormat): string[] {
  const { paint, marks } = format;
  const how = `${format.keys ? "save or press r" : "save"} to start it again`;
  const what = event.stopped ? "was stopped outside cln-dev" : "has died";
  const text = `${format.name(event)} ${what}; ${how}`;
  if (event.stopped) return [format.line(paint.magenta(marks.warn), text)];
  const log = event.log.flatMap((message) => message.split("\n"));
  return [
    format.line(paint.red(marks.bad), text),
    ...log.map((line) => `${INDENT}${paint.dim(sanitize(line))}`),
  ];
}

function notice({ level, message }: Notice, format: LineFormat): string[] {
  const { paint, marks } = format;
  const mark = level === "warn" ? paint.magenta(marks.warn) : marks.step;
  return message
    .split("\n")
    .map((line, index) =>
      index === 0 ? format.line(mark, sanitize(line)) : INDENT + sanitize(line),
    );
}

function farewell(running: readonly string[]): string {
  if (running.length === 0) return "stopped watching";
  const names = running.map((name) => sanitize(name)).join(", ");
  return `stopped watching; ${names} ${running.length === 1 ? "is" : "are"} still running`;
}
