/** Text from a plugin, a node or a file, made safe to print: it must not steer the terminal. */

/**
 * Control characters become visible (`␛`, `\x9b`); tabs stay. Newlines stay only where asked for.
 * Also makes harmless what reorders a line (U+202E and its kin).
 */
export function harmless(text: string, options: { readonly newlines?: boolean } = {}): string {
  return text.replace(UNSAFE, (char) => {
    if (char === "\t" || (char === "\n" && options.newlines)) return char;
    const code = char.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    if (code === 0x7f) return "\u2421";
    return code < 0x100 ? `\\x${code.toString(16)}` : `\\u${code.toString(16)}`;
  });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
