/** How to write to a stream: colours, marks and width. */
import pc from "picocolors";

/** Colours that are readable on white and on black: no yellow, no cyan. */
export type Paint = Pick<
  ReturnType<typeof pc.createColors>,
  "isColorSupported" | "bold" | "dim" | "underline" | "red" | "green" | "magenta"
>;

/** The marks before a line. */
export interface Marks {
  readonly good: string;
  readonly bad: string;
  readonly warn: string;
  readonly step: string;
  readonly arrow: string;
}

const UNICODE_MARKS: Marks = { good: "✓", bad: "✗", warn: "!", step: "·", arrow: "→" };
const ASCII_MARKS: Marks = { good: "+", bad: "x", warn: "!", step: "-", arrow: "->" };

export interface StreamStyle {
  /** Whether it is an interactive terminal: colours and keys are welcome. */
  readonly live: boolean;
  /** Whether lines may also be redrawn, as by a spinner. */
  readonly animated: boolean;
  readonly paint: Paint;
  readonly marks: Marks;
  /** Whether the terminal shows ASCII only. */
  readonly ascii: boolean;
}

export interface StyleFlags {
  /** False with `--no-color`. */
  readonly color: boolean;
  /** `--json` */
  readonly json: boolean;
}

/** Returns a stream's style. picocolors alone checks only stdout, and uses colour in any CI. */
export function styleOf(
  stream: { readonly isTTY?: boolean; readonly columns?: number },
  flags: StyleFlags,
  env: NodeJS.ProcessEnv = process.env,
): StreamStyle {
  const live = stream.isTTY === true && !flags.json && !isSet(env.CI) && env.TERM !== "dumb";
  const noColor = isSet(env.NO_COLOR);
  const ascii = isAscii(env);
  return {
    live,
    animated: live && !noColor && terminalWidth(stream) !== undefined,
    paint: pc.createColors(live && flags.color && !noColor),
    marks: ascii ? ASCII_MARKS : UNICODE_MARKS,
    ascii,
  };
}

/**
 * Returns the terminal's current columns; undefined if the stream is not a terminal, or is one
 * without a width: `script` in CI, `docker run -t` and some editors' pseudo terminals report 0.
 */
export function terminalWidth(stream: {
  readonly isTTY?: boolean;
  readonly columns?: number;
}): number | undefined {
  return stream.isTTY === true && stream.columns ? stream.columns : undefined;
}

/** Whether the locale (POSIX: the first of these that is set) uses a charset other than UTF-8. */
function isAscii(env: NodeJS.ProcessEnv): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG;
  return env.TERM === "linux" || (locale ? !/utf-?8/i.test(locale) : false);
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== "" && value !== "0" && value !== "false";
}
