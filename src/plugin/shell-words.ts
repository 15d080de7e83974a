/** Words of a shell's command line: splits them, with quotes and backslashes, and quotes them. Runs nothing. */

/** `hello 'my name' n=1` is three words. A quote that is not closed goes to the end of the line. */
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

/** A text as one word for a shell, in single quotes. */
export function quoteWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** A path for a person to type: quoted only if a shell would read it otherwise. */
export function shellPath(path: string): string {
  return /^[\w@%+=:,./~-]+$/.test(path) ? path : quoteWord(path);
}
