/** The events of a watch session in words: for the terminal and, without colours, for a log. */
import type { Notice, PluginDied, Reloading, WatchEvent } from "../../../events/watch-events.js";
import { harmless } from "../sanitize.js";
import { calledLines, changedLines, logLines } from "./activity-lines.js";
import { firstScreen } from "./header.js";
import { duration, INDENT, Wording, type WordingOptions } from "./line-format.js";
import { initErrorLines, outcomeLines, toldLines } from "./outcome-lines.js";
import { ToldTraces } from "./shown-tracebacks.js";

export interface LineOptions extends WordingOptions {
  /** `--verbose`: each step gets a line. */
  readonly verbose: boolean;
  /** `--quiet`: only what went wrong. */
  readonly quiet: boolean;
  readonly version: string;
}

export class Lines {
  readonly #options: LineOptions;
  readonly #wording: Wording;
  readonly #traces = new ToldTraces();
  /** The session ends with its node. */
  #embedded = false;

  constructor(options: LineOptions) {
    this.#options = options;
    this.#wording = new Wording(options);
  }

  /** The lines of an event; none where it is not worth one. */
  of(event: WatchEvent): string[] {
    const wording = this.#wording;
    const { paint } = wording;
    switch (event.event) {
      case "watching":
        wording.nameAll(event);
        this.#embedded = event.nodes.some((node) => node.embedded);
        return this.#unlessQuiet(firstScreen(event, wording, this.#options.version));
      case "reloading":
        this.#traces.forget(event);
        return this.#ifVerbose(`${wording.name(event)} ${why(event, wording)}`);
      case "phase":
        return this.#ifVerbose(`${wording.name(event)} ${event.phase}`);
      case "reloaded":
      case "unchanged":
        return this.#unlessQuiet(outcomeLines(event, wording));
      case "failed":
      case "refused":
      case "unreachable":
        return outcomeLines(event, wording);
      case "node-gone": {
        // It does not come back: the session says so, and ends.
        if (this.#embedded) return [];
        const text = `the node${wording.on(event.node)} is gone (${harmless(event.message)})`;
        return [wording.line(paint.red("✗"), `${text}; waiting for it`)];
      }
      case "node-back": {
        const text = `the node${wording.on(event.node)} is back after ${duration(event.goneMs)}`;
        return this.#unlessQuiet([wording.line(paint.green("✓"), text)]);
      }
      case "plugin-died":
        return died(event, wording);
      case "explained":
        return event.message === undefined
          ? [
              ...(wording.several ? [`${INDENT}${wording.name(event)}:`] : []),
              ...toldLines(event, wording),
            ]
          : initErrorLines(this.#traces.shorten(event), event.message, wording);
      case "manifest":
        return this.#unlessQuiet(changedLines(event, wording));
      case "called":
        return calledLines(event, wording);
      case "log":
        this.#traces.keep(event);
        return logLines(event, wording);
      case "notice":
        return event.level === "info"
          ? this.#unlessQuiet(notice(event, wording))
          : notice(event, wording);
      case "ended":
        return this.#unlessQuiet([paint.dim(bye(event.running))]);
    }
  }

  #unlessQuiet(lines: string[]): string[] {
    return this.#options.quiet ? [] : lines;
  }

  #ifVerbose(text: string): string[] {
    return this.#options.verbose ? [this.#wording.line("·", text)] : [];
  }
}

function why({ cause, files }: Reloading, wording: Wording): string {
  if (files.length === 0) return `reloads (${cause})`;
  return `reloads: ${files.map((file) => wording.path(file)).join(", ")} changed`;
}

function died(event: PluginDied, wording: Wording): string[] {
  const how = `at the next save${wording.keys ? ", or by r" : ""}`;
  const what = event.stopped ? "was stopped by somebody else" : "has died";
  const text = `${wording.name(event)} ${what}; it is started again ${how}`;
  if (event.stopped) return [wording.line(wording.paint.magenta("!"), text)];
  return [
    wording.line(wording.paint.red("✗"), text),
    ...event.log.map((line) => `${INDENT}${wording.paint.dim(harmless(line))}`),
  ];
}

function notice({ level, message }: Notice, wording: Wording): string[] {
  const mark = level === "warn" ? wording.paint.magenta("!") : "·";
  return [wording.line(mark, harmless(message))];
}

function bye(running: readonly string[]): string {
  if (running.length === 0) return "bye";
  const names = running.map((name) => harmless(name)).join(", ");
  return `bye; ${names} ${running.length === 1 ? "goes" : "go"} on running`;
}
