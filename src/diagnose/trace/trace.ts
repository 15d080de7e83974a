/** What a dying program prints about where it died, in one form for all languages. */

export interface TraceFrame {
  /** As the program named it: mostly absolute, but relative to its build folder in Rust. */
  readonly file: string;
  readonly line: number;
  /** The function, if it is named. */
  readonly name?: string;
  /** The line of code, if the program showed it. */
  readonly code?: string;
}

export interface Trace {
  /** Its error, in its own words: `NameError: name 'x' is not defined`. Sometimes several lines. */
  readonly error: string;
  /** The call that failed comes last, whatever the language's own order is. */
  readonly frames: readonly TraceFrame[];
}

/**
 * Reads the traces of one language.
 * @param own the plugin's own path
 * @returns the one that says the most, or undefined
 */
export type TraceReader = (lines: readonly string[], own?: string) => Trace | undefined;
