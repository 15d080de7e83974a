/**
 * The errors of languages without a reader of their own here (Perl, Ruby, PHP, Lua, Java, Kotlin,
 * ...): each writes the file and the line, as `FILE:7`, `FILE line 7` or `FILE on line 7`.
 */
import type { Trace, TraceFrame } from "./trace.js";

/** A path: absolute, or a name with the extension of a source file. */
const PLACE =
  /(?<file>(?:\/[^\s:'"()]+|(?:\.{0,2}\/)?[\w./-]+\.(?:pl|pm|rb|php|lua|java|kts?|tcl|r|jl|exs?|ml|hs|nim|zig|cr|swift|scala|clj|groovy|dart)))(?::(?<short>\d+)|,? (?:on )?line (?<long>\d+))/gi;
/** Lines under an error that lead to it. */
const FRAME = /^(\s|#\d+ |from |thrown in )/;
/** Lines after the error that add nothing to it. */
const AFTERMATH = /^(BEGIN failed|Compilation failed|Execution of|syntax errors? found)/;

interface Mention {
  readonly at: number;
  readonly text: string;
  readonly frame: TraceFrame;
}

/**
 * Reads an error that names its file and line.
 * @param own the plugin's own path: it may contain blanks, or have no extension
 */
export function readPlaceTrace(lines: readonly string[], own?: string): Trace | undefined {
  const mentions = lines.flatMap((text, at) =>
    mentionsIn(text, own).map((frame) => ({ at, text, frame })),
  );
  const heads = mentions.filter(({ text }) => !FRAME.test(text) && !AFTERMATH.test(text));
  const head = heads.at(-1) ?? mentions[0];
  if (head === undefined) return undefined;
  const error = errorIn(head, lines, own);
  if (error === "") return undefined;
  const frames = mentions.filter(
    ({ at, text }) => at === head.at || (at > head.at && FRAME.test(text)),
  );
  const distinct = frames.filter(
    ({ frame }, index) =>
      frames.findIndex(
        (other) => other.frame.file === frame.file && other.frame.line === frame.line,
      ) === index,
  );
  return { error, frames: distinct.map(({ frame }) => frame).reverse() };
}

function mentionsIn(text: string, own: string | undefined): TraceFrame[] {
  if (own !== undefined && text.includes(own)) {
    const rest = text.slice(text.indexOf(own) + own.length);
    const number = /^(?::|,? (?:on )?line )(\d+)/.exec(rest)?.[1];
    if (number !== undefined) return [{ file: own, line: Number(number) }];
  }
  return [...text.matchAll(PLACE)].map(({ groups }) => ({
    file: groups?.file ?? "",
    line: Number(groups?.short ?? groups?.long),
  }));
}

/** The message without its place; the line above if this one has nothing else. */
function errorIn(head: Mention, lines: readonly string[], own: string | undefined): string {
  const bare = (own === undefined ? head.text : head.text.replaceAll(own, "/own")).trim();
  const message = bare
    .replace(/^\w+: (?=\S+:\d+:)/, "")
    .replace(/^\S+:\d+:(?:\d+:)?(?:in [`'].*?'(?:: |$))?\s*/, "")
    .replace(/ at \S+ line \d+(, <\S*> (line|chunk) \d+)?\.?(?=$|,)/, "")
    .replace(/ in \S+(:\d+| on line \d+)$/, "")
    .replace(/^PHP /, "")
    .replace(/^([A-Z]\w* error): {2}/, "$1: ")
    .trim();
  if (message !== "" && !/^at \S+\(/.test(message)) return message;
  const above = lines.slice(0, head.at).findLast((line) => line.trim() !== "" && !FRAME.test(line));
  return (above ?? "").replace(/^Exception in thread "[^"]*" /, "").trim();
}
