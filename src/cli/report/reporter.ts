/** Prints the events of a watch session: on a terminal, as plain lines, or as JSON. */
import { messageOf } from "../../errors/failure.js";
import { isOutcome } from "../../events/outcomes.js";
import type { WatchEvent } from "../../events/watch-events.js";
import { sanitize } from "./sanitize.js";
import { type StreamStyle, styleOf, terminalWidth } from "./style.js";
import { EventLines } from "./watch/event-lines.js";
import { PluginHealth } from "./watch/plugin-health.js";
import { Spinner } from "./watch/spinner.js";

/** How many activities a spinner names: it has one line. */
const MAX_ACTIVITIES = 2;
/** Clears the screen and its scrollback, and moves the cursor to the top left. */
const CLEAR_SCREEN = "\u001b[2J\u001b[3J\u001b[H";
const BELL = "\u0007";
/**
 * How long to wait before reporting how many log lines were dropped, in ms. Doubles each time, up
 * to the maximum, until the next reload.
 */
const LEFT_OUT_MS = 1_000;
const MAX_LEFT_OUT_MS = 10 * 60_000;

export interface Reporter {
  event(event: WatchEvent): void;
  /** Prints lines that belong to no event: help, a blank line. */
  print(...lines: readonly string[]): void;
  /** Clears the screen, if there is one. */
  clear(): void;
  close(): void;
}

export interface ReporterOptions {
  readonly io: { readonly stdout: NodeJS.WriteStream; readonly stderr: NodeJS.WriteStream };
  readonly json: boolean;
  readonly color: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** Whether the keys are served. */
  readonly keys: boolean;
  readonly cwd: string;
  /** Whether the window title shows the state of the plugins, as in a watch. */
  readonly title?: boolean;
  /** Whether to ring when a plugin goes from good to bad, or back. */
  readonly bell?: boolean;
}

/** Opens the reporter that fits the flags and the stream. */
export function openReporter(options: ReporterOptions): Reporter {
  if (options.json) return jsonReporter(options.io.stdout);
  const style = styleOf(options.io.stdout, options);
  const lines = new EventLines({
    paint: style.paint,
    marks: style.marks,
    verbose: options.verbose,
    quiet: options.quiet,
    version: CLN_DEV_VERSION,
    cwd: options.cwd,
    now: () => new Date(),
    keys: options.keys,
    width: () => terminalWidth(options.io.stdout),
  });
  return lineReporter(options, lines, style);
}

/** Prints one object per line: the time, ISO 8601 in UTC, then the event's fields (src/events). */
function jsonReporter(stdout: NodeJS.WriteStream): Reporter {
  return {
    event: (event) => {
      stdout.write(`${JSON.stringify({ time: new Date().toISOString(), ...event })}\n`);
    },
    print: () => {},
    clear: () => {},
    close: () => {},
  };
}

function lineReporter(options: ReporterOptions, lines: EventLines, style: StreamStyle): Reporter {
  const { stdout } = options.io;
  const spinner = style.animated ? openSpinner(options) : undefined;
  const health = new PluginHealth(style.marks);
  const showsTitle = options.title === true && style.animated && hasTitle(process.env.TERM);
  const busy = new Map<string, string>();
  let timer: NodeJS.Timeout | undefined;
  let waitMs = LEFT_OUT_MS;

  const print = (...texts: readonly string[]) => {
    if (texts.length === 0) return;
    stdout.write(`${texts.join("\n")}\n`);
  };
  const printLeftOut = () => {
    timer = undefined;
    print(...lines.leftOut());
  };
  const report = (event: WatchEvent) => {
    const text = spinner && activityOf(event);
    if (text !== undefined && "path" in event) busy.set(`${event.path} ${event.node}`, text);
    else if (isOutcome(event) || event.event === "called") {
      busy.delete(`${event.path} ${event.node}`);
    }
    spinner?.show(busy.size === 0 ? undefined : inShort([...new Set(busy.values())]));
    print(...lines.of(event));
    if (event.event === "reloading") waitMs = LEFT_OUT_MS;
    if (lines.hasLeftOut && timer === undefined) {
      timer = setTimeout(printLeftOut, waitMs).unref();
      waitMs = Math.min(2 * waitMs, MAX_LEFT_OUT_MS);
    }
    const hasChanged = health.take(event);
    if (hasChanged && options.bell && style.live) stdout.write(BELL);
    if (showsTitle && health.title !== undefined) stdout.write(titled(health.title));
  };
  return {
    event(event) {
      try {
        report(event);
      } catch (error) {
        // What a plugin sends must not end the watch.
        print(`cln-dev: cannot show the event ${event.event}: ${sanitize(messageOf(error))}`);
      }
    },
    print,
    clear() {
      if (style.animated) stdout.write(CLEAR_SCREEN);
    },
    close() {
      clearTimeout(timer);
      spinner?.show(undefined);
      print(...lines.leftOut());
      if (showsTitle && health.title !== undefined) stdout.write(titled(""));
    },
  };
}

function openSpinner(options: ReporterOptions): Spinner | undefined {
  const { stderr } = options.io;
  const { animated, paint, ascii } = styleOf(stderr, options);
  return animated ? new Spinner(stderr, { colored: paint.isColorSupported, ascii }) : undefined;
}

function inShort(activities: readonly string[]): string {
  const more = activities.length - MAX_ACTIVITIES;
  const shown = activities.slice(0, MAX_ACTIVITIES).join(", ");
  return more > 0 ? `${shown} and ${more} more` : shown;
}

/** Returns what the spinner shows during a phase of a reload; undefined for other events. */
function activityOf(event: WatchEvent): string | undefined {
  if (event.event === "reloading") return `reloading ${sanitize(event.plugin)}`;
  if (event.event === "calling") return `calling ${sanitize(event.call)}`;
  if (event.event !== "phase") return undefined;
  const doing = { build: "building", check: "checking", stop: "stopping", start: "starting" };
  return `${doing[event.phase]} ${sanitize(event.plugin)}`;
}

/** Whether the terminal accepts a title by OSC 0; others might print it. */
function hasTitle(term: string | undefined): boolean {
  return /xterm|screen|tmux|rxvt|kitty|alacritty|foot|ghostty|wezterm|konsole|vte/.test(term ?? "");
}

function titled(title: string): string {
  return `\u001b]0;${sanitize(title)}\u0007`;
}
