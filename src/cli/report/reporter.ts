/** Who tells the events of a watch session: on a terminal, as plain lines, or as JSON. */
import { isOutcome, type WatchEvent } from "../../events/watch-events.js";
import { type StreamStyle, styleOf } from "./style.js";
import { Lines } from "./watch/event-lines.js";
import { Spinner } from "./watch/spinner.js";

const MAX_DOINGS = 2;
/** The screen, what was scrolled off it, and the cursor to its corner. */
const CLEAR_SCREEN = "\u001b[2J\u001b[3J\u001b[H";

export interface Reporter {
  event(event: WatchEvent): void;
  /** Prints lines that are no event: help, a blank line. */
  print(...lines: readonly string[]): void;
  /** Empties the screen, where there is one. */
  clear(): void;
  close(): void;
}

export interface ReporterOptions {
  readonly io: { readonly stdout: NodeJS.WriteStream; readonly stderr: NodeJS.WriteStream };
  readonly json: boolean;
  readonly color: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly keys: boolean;
  readonly cwd: string;
}

export function openReporter(options: ReporterOptions): Reporter {
  if (options.json) return jsonReporter(options.io.stdout);
  const style = styleOf(options.io.stdout, options);
  const lines = new Lines({
    paint: style.paint,
    verbose: options.verbose,
    quiet: options.quiet,
    version: CLN_DEV_VERSION,
    cwd: options.cwd,
    now: () => new Date(),
    keys: options.keys,
  });
  return lineReporter(options, lines, style);
}

/** One object a line: the event's fields (src/watch/events.ts) after the time, as ISO 8601 in UTC. */
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

function lineReporter(options: ReporterOptions, lines: Lines, style: StreamStyle): Reporter {
  const spinner = style.animated ? openSpinner(options) : undefined;
  const busy = new Map<string, string>();
  const print = (...texts: readonly string[]) => {
    if (texts.length === 0) return;
    const write = () => void options.io.stdout.write(`${texts.join("\n")}\n`);
    if (spinner) spinner.aside(write);
    else write();
  };
  return {
    event(event) {
      const text = spinner && progressOf(event);
      if (text !== undefined && "path" in event) busy.set(`${event.path} ${event.node}`, text);
      else if (isOutcome(event)) busy.delete(`${event.path} ${event.node}`);
      spinner?.show(busy.size === 0 ? undefined : inShort([...new Set(busy.values())]));
      print(...lines.of(event));
    },
    print,
    clear() {
      if (style.animated) options.io.stdout.write(CLEAR_SCREEN);
    },
    close: () => spinner?.show(undefined),
  };
}

function openSpinner(options: ReporterOptions): Spinner | undefined {
  const { stderr } = options.io;
  const { animated, paint, ascii } = styleOf(stderr, options);
  return animated ? new Spinner(stderr, { colored: paint.isColorSupported, ascii }) : undefined;
}

/** A spinner has one line. */
function inShort(doings: readonly string[]): string {
  const more = doings.length - MAX_DOINGS;
  const shown = doings.slice(0, MAX_DOINGS).join(", ");
  return more > 0 ? `${shown} and ${more} more` : shown;
}

/** What a spinner says while a reload is in that state. */
function progressOf(event: WatchEvent): string | undefined {
  if (event.event === "reloading") return `${event.plugin}: waiting for the file`;
  if (event.event !== "phase") return undefined;
  const doing = { build: "building", check: "checking", stop: "stopping", start: "starting" };
  return `${doing[event.phase]} ${event.plugin}`;
}
