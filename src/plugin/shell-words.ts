/** Splits a command line into words as a shell does, and quotes words. Does not run anything. */

/**
 * Splits a line into words: `hello 'my name' n=1` is three. An unclosed quote extends to the end of
 * the line.
 */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  const pattern = /(?:"(?:\\.|[^"\\])*"?|'[^']*'?|\\.|[^\s"'\\])+/gs;
  for (const [word] of line.matchAll(pattern)) {
    words.push(word.replace(/"((?:\\.|[^"\\])*)"?|'([^']*)'?|\\(.)/gs, unquote));
  }
  return words;
}

function unquote(_all: string, double?: string, single?: string, escaped?: string): string {
  return double?.replace(/\\(["\\$`])/g, "$1") ?? single ?? escaped ?? "";
}

/** Quotes a text as one shell word, in single quotes. */
export function quoteWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Returns a path to type in a shell, quoted only if necessary. */
export function shellPath(path: string): string {
  return /^[\w@%+=:,./~-]+$/.test(path) ? path : quoteWord(path);
}
