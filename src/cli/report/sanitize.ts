/**
 * Makes text from a plugin, a node or a file safe to print: it must neither control the terminal
 * nor hide anything.
 */

/**
 * Escapes control and invisible characters as `\x1b`, `\u202e`, `\u{e0041}`. Keeps tabs, and
 * newlines on request.
 */
export function sanitize(text: string, options: { readonly newlines?: boolean } = {}): string {
  return text.replace(UNSAFE, (char) => {
    if (char === "\t" || (char === "\n" && options.newlines)) return char;
    if (char === "\n") return "\\n";
    if (char === "\r") return "\\r";
    const code = char.codePointAt(0) ?? 0;
    if (code < 0x100) return `\\x${code.toString(16).padStart(2, "0")}`;
    return code < 0x10000
      ? `\\u${code.toString(16).padStart(4, "0")}`
      : `\\u{${code.toString(16)}}`;
  });
}

/**
 * Characters that have no glyph or change how others are shown: controls, formats (bidi,
 * zero-width), line and paragraph separators, lone surrogates, and what fonts leave out. Excludes
 * the variation selectors for text and emoji.
 */
const UNSAFE =
  /(?![\ufe0e\ufe0f])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu;
