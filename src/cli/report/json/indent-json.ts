/** Indents JSON text without parsing its numbers, so those beyond 2^53 stay exact. */

const INDENT = "   ";
/** The depth beyond which the indent no longer grows. */
const MAX_INDENTS = 50;

const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s"{}[\],:]+/g;

/**
 * Indents by three spaces, as lightning-cli does.
 * @param json one valid JSON value
 */
export function indentJson(json: string): string {
  return [...jsonLines(json)].join("\n");
}

/** Yields the lines of {@link indentJson} one by one: a caller may stop early. Any depth works. */
export function* jsonLines(json: string): Generator<string> {
  let line = "";
  let depth = 0;
  let isOpen = false;
  for (const [token] of json.matchAll(TOKEN)) {
    if (token === "}" || token === "]") {
      depth--;
      if (!isOpen) {
        yield line;
        line = indent(depth);
      }
      line += token;
      isOpen = false;
      continue;
    }
    if (isOpen) {
      yield line;
      line = indent(depth);
      isOpen = false;
    }
    if (token === ",") {
      yield `${line},`;
      line = indent(depth);
    } else {
      line += token === ":" ? ": " : token;
      isOpen = token === "{" || token === "[";
      if (isOpen) depth++;
    }
  }
  yield line;
}

function indent(depth: number): string {
  return INDENT.repeat(Math.min(depth, MAX_INDENTS));
}
