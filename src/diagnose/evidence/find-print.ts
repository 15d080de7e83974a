/** Finds the line of a plugin's code that printed a text to stdout, where that can be told. */
import type { PluginFile } from "../../plugin/file/plugin-file.js";
import { ownSources, readSource } from "./own-code.js";

export interface PrintLine {
  readonly file: string;
  readonly line: number;
  readonly code: string;
  /** It holds the text; otherwise it is merely the only one that prints at all. */
  readonly certain: boolean;
}

/** What prints to stdout, in the languages that plugins are written in. */
const PRINTS =
  /\b(?:print|pprint|puts|printf|putchar|write|writeln|log|info|debug|table|dir|Print|Println|Printf|println!|print!|echo|cat)\b/;
/** Calls that do not print there although they look like it. */
const OTHER = /stderr|plugin\.log|logger|logging|fs\.|f\.write|eprintln|Fprint\w*\((?!os\.Stdout)/;
/** What writes the protocol itself. */
const PROTOCOL = /json\.dumps|JSON\.stringify|jsonrpc|json\.NewEncoder|serde_json|Marshal/;
const COMMENT = /^\s*(#(?!include)|\/\/|\*|--)/;

export function findPrint(plugin: PluginFile, stray: string): PrintLine | undefined {
  const candidates = ownSources(plugin).flatMap(printsIn);
  const holding = candidates.filter(({ code }) => holdsText(code, stray));
  const best = holding.toSorted((a, b) => longest(b.code, stray) - longest(a.code, stray))[0];
  if (best !== undefined) return { ...best, certain: true };
  const [only, ...more] = candidates;
  return only !== undefined && more.length === 0 ? { ...only, certain: false } : undefined;
}

function printsIn(file: string): Omit<PrintLine, "certain">[] {
  return (readSource(file) ?? "").split("\n").flatMap((text, index) => {
    const isPrint = PRINTS.test(text) && !OTHER.test(text) && !PROTOCOL.test(text);
    if (!isPrint || COMMENT.test(text)) return [];
    return [{ file, line: index + 1, code: text.trim() }];
  });
}

function holdsText(code: string, stray: string): boolean {
  return longest(code, stray) > 0;
}

/** How many letters of the text stand in the line's string literals, in one piece. */
function longest(code: string, stray: string): number {
  const pieces = literalPieces(code).filter((piece) => stray.includes(piece));
  return Math.max(0, ...pieces.map((piece) => piece.length));
}

/** The fixed pieces of a line's literals: what stands between `{name}`, `${name}`, `%s`, `\n`. */
function literalPieces(code: string): string[] {
  const literals = [...code.matchAll(/(["'`])((?:\\.|(?!\1).)*)\1/g)].map(
    (match) => match[2] ?? "",
  );
  const words = /\b(?:echo|printf)\s+([^"'|>&;]+)/.exec(code)?.[1];
  return [...literals, ...(words === undefined ? [] : [words])]
    .flatMap((literal) => literal.split(/\$?\{[^}]*\}|\$\w+|%[-\d.]*[a-zA-Z]|\\[nrt]/))
    .map((piece) => piece.trim())
    .filter((piece) => piece.length >= 2);
}
