/** Finds the line of a plugin's code that printed a text to stdout. */
import { basename, extname } from "node:path";
import { tryStat } from "../../filesystem/try-read.js";
import type { PluginLanguage } from "../../plugin/file/language.js";
import type { PluginFile } from "../../plugin/file/plugin-file.js";
import { ownSources, readSource } from "./own-code.js";

export interface PrintLine {
  readonly file: string;
  readonly line: number;
  readonly code: string;
  /** Whether it contains the text; otherwise it is just the only line of the plugin that prints. */
  readonly certain: boolean;
}

/** What prints to stdout, in the languages of plugins. */
const PRINTS: Readonly<Partial<Record<PluginLanguage, RegExp>>> = {
  python: /\b(?:print|pprint)\s*\(|\bstdout\b.*\bwrite|\bos\.write\(\s*1\b/,
  node: /\bconsole\.(?:log|info|debug|table|dir)\b|\bstdout\.write\b/,
  shell: /\b(?:echo|printf|cat)\b/,
  perl: /\b(?:print|printf|say)\b/,
  ruby: /\b(?:puts|print|p|pp|printf)\b|\$stdout\b/,
  php: /\b(?:echo|print|printf|print_r|var_dump)\b/,
  lua: /\bprint\s*\(|\bio\.(?:write|stdout)\b/,
  go: /\bfmt\.Print|\bprintln?\(|\bos\.Stdout\b/,
  rust: /\bprint(?:ln)?!|\bstdout\(\)/,
  binary: /\b(?:printf|puts|putchar|fputs|fwrite|write)\s*\(|\bcout\b/,
};
const ANY_PRINT = /\b(?:print|puts|p|pp|say|echo|printf|write|writeln|println|System\.out)\b/;
/** Calls that only look as if they print there. */
const ELSEWHERE =
  /stderr|STDERR|>&\s*2|plugin\.log|logger|logging|eprintln|Fprint\w*\((?!os\.Stdout)/;
/** A shell's output that goes into a pipe, a file or a variable. */
const CAUGHT = /\$\([^)]*$|`[^`]*$|\$\(.*\)|\|(?!\|)|(?<![\d&])>(?!&)/;
/** What writes the protocol itself. */
const PROTOCOL =
  /json\.dumps|JSON\.stringify|jsonrpc|json\.NewEncoder|serde_json|Marshal|encode_json|to_json|json_encode/;
const COMMENT = /^\s*(#(?!include)|\/\/|\*|--)/;
/** Shorter pieces of text occur anywhere. */
const MIN_PIECE = 3;

/** Searches the plugin's sources for the line that printed a text. */
export function findPrint(plugin: PluginFile, stray: string): PrintLine | undefined {
  const isProtocol = /"jsonrpc"/.test(stray);
  const candidates = sourcesOf(plugin)
    .flatMap((file) => printsIn(file, languageOf(file) ?? plugin.language))
    .filter(({ code }) => isProtocol || !PROTOCOL.test(code));
  const scored = candidates
    .map((candidate) => ({ candidate, score: longest(candidate.code, stray) }))
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score);
  const best = scored[0]?.candidate;
  if (best !== undefined) return { ...best, certain: true };
  const [only, ...more] = candidates.filter(({ file }) => file === plugin.realPath);
  return only !== undefined && more.length === 0 && !isProtocol
    ? { ...only, certain: false }
    : undefined;
}

/** Without the folder's other plugins, and files in another language that it does not mention. */
function sourcesOf(plugin: PluginFile): string[] {
  const text = readSource(plugin.realPath) ?? "";
  return ownSources(plugin).filter((file) => {
    if (file === plugin.realPath) return true;
    const language = languageOf(file) ?? plugin.language;
    return language === plugin.language ? !isProgram(file) : text.includes(basename(file));
  });
}

function languageOf(file: string): PluginLanguage | undefined {
  return LANGUAGES[extname(file)];
}

const LANGUAGES: Readonly<Record<string, PluginLanguage>> = {
  ".py": "python",
  ".js": "node",
  ".mjs": "node",
  ".cjs": "node",
  ".ts": "node",
  ".sh": "shell",
  ".bash": "shell",
  ".pl": "perl",
  ".pm": "perl",
  ".rb": "ruby",
  ".php": "php",
  ".lua": "lua",
};

function isProgram(file: string): boolean {
  const mode = tryStat(file)?.mode ?? 0;
  return (mode & 0o111) !== 0 && readSource(file)?.startsWith("#!") === true;
}

function printsIn(file: string, language: PluginLanguage): Omit<PrintLine, "certain">[] {
  const prints = PRINTS[language] ?? ANY_PRINT;
  return (readSource(file) ?? "").split("\n").flatMap((text, index) => {
    if (!prints.test(text) || ELSEWHERE.test(text) || COMMENT.test(text)) return [];
    if (language === "shell" && CAUGHT.test(text.replace(/"(?:\\.|[^"\\])*"|'[^']*'/g, '""'))) {
      return [];
    }
    return [{ file, line: index + 1, code: text.trim() }];
  });
}

/** How many characters of the text are in the line's string literals, in one piece. */
function longest(code: string, stray: string): number {
  const pieces = literalPieces(code).filter((piece) => stray.includes(piece));
  return Math.max(0, ...pieces.map((piece) => piece.length));
}

/** The fixed pieces of a line's literals: the text between `{name}`, `${name}`, `%s`, `\n`. */
function literalPieces(code: string): string[] {
  const literals = [...code.matchAll(/(["'`])((?:\\.|(?!\1).)*)\1/g)].map(
    (match) => match[2] ?? "",
  );
  const words = /\b(?:echo|printf)\s+([^"'|>&;]+)/.exec(code)?.[1];
  return [...literals, ...(words === undefined ? [] : [words])]
    .flatMap((literal) => literal.split(/\$?\{[^}"]*\}|\$\w+|%[-\d.]*[a-zA-Z]|\\[nrt]/))
    .map((piece) => piece.replace(/\\(["'`\\])/g, "$1").trim())
    .filter((piece) => piece.length >= MIN_PIECE);
}
