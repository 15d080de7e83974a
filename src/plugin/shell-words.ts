/**
 * Splits a shell's command line into words, with quotes and backslashes, and quotes them. Runs
 * nothing.
 */

/** `hello 'my name' n=1` is three words. An unclosed quote goes to the end of the line. */
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

/** Quotes a text as one word for a shell, in single quotes. */
export function quoteWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** A path to type: quoted only if a shell would misread it. */
export function shellPath(path: string): string {
  return /^[\w@%+=:,./~-]+$/.test(path) ? path : quoteWord(path);
}
