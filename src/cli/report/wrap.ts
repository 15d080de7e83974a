/** Wraps lines that are wider than the terminal, indenting the rest like their block. */
import { stripVTControlCharacters } from "node:util";
import { terminalWidth } from "./style.js";

/** The narrowest terminal to wrap for: narrower ones break the lines themselves. */
const MIN_WIDTH = 30;
/** The least width left for the text, however deep the block is indented. */
const MIN_TEXT = 20;

/** A style sequence, whitespace, or a word. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const PIECE = /(\u001b\[[0-9;]*m)|(\s+)|([^\s\u001b]+)/g;

/** What precedes a line's text: a time with a mark, a mark, a label of the header, or spaces. */
const HEAD = /^(?:\d\d:\d\d:\d\d {2}\S+ |[✓✗+x!] | {2}\S+ {2,}|cln-dev: | *)/;

/** Wraps lines to fit the stream's terminal. */
export function wrapLines(stream: NodeJS.WriteStream, lines: readonly string[]): string[] {
  const width = terminalWidth(stream);
  return lines.flatMap((line) => wrapLine(line, width));
}

/**
 * Wraps one line.
 * @param line the line without line ends; may be coloured
 * @param width the terminal's columns; undefined if unlimited
 */
export function wrapLine(line: string, width: number | undefined): string[] {
  const plain = stripVTControlCharacters(line);
  if (width === undefined || width < MIN_WIDTH || displayWidth(plain) <= width) return [line];
  const indent = Math.min(displayWidth(HEAD.exec(plain)?.[0] ?? ""), width - MIN_TEXT);
  const lines: string[] = [];
  let styles: string[] = [];
  let current = "";
  let column = 0;
  /** Spaces that are printed only if something follows them on the same line. */
  let blanks = "";
  const breakLine = () => {
    lines.push(styles.length > 0 ? `${current}\u001b[0m` : current);
    current = " ".repeat(indent) + styles.join("");
    column = indent;
    blanks = "";
  };
  for (const [, style, space, word] of line.matchAll(PIECE)) {
    if (style !== undefined) {
      styles = isEnd(style) ? styles.filter((open) => !closes(style, open)) : [...styles, style];
      current += style;
    } else if (space !== undefined) {
      blanks = space;
    } else if (word !== undefined) {
      if (column > indent && column + blanks.length + displayWidth(word) > width) breakLine();
      current += blanks;
      column += blanks.length;
      blanks = "";
      for (const char of word) {
        if (column + displayWidth(char) > width) breakLine();
        current += char;
        column += displayWidth(char);
      }
    }
  }
  lines.push(current);
  return lines;
}

/** Returns the columns that a text takes: East Asian wide characters and emoji take two. */
function displayWidth(text: string): number {
  let width = 0;
  for (const char of text) width += ZERO.test(char) ? 0 : WIDE.test(char) ? 2 : 1;
  return width;
}

const ZERO = /^\p{M}$|[\u200d\ufe0e\ufe0f]/u;
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

function isEnd(style: string): boolean {
  return ["\u001b[0m", "\u001b[22m", "\u001b[24m", "\u001b[39m"].includes(style);
}

/** Whether a sequence ends a style. In picocolors 22 ends bold and dim, 24 underline, 39 colour. */
function closes(end: string, open: string): boolean {
  if (end === "\u001b[0m") return true;
  const code = Number(open.slice(2, -1));
  if (end === "\u001b[22m") return code === 1 || code === 2;
  return end === "\u001b[24m" ? code === 4 : code >= 30 && code <= 37;
}
