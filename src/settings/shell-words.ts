/** Splits a line into words as a shell does, with quotes and backslashes, and runs nothing. */

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
