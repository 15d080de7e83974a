/** Which Python a line needs, from its error and its code. */
import type { RuleContext } from "./explanation.js";

/** Syntax and the version that introduced it. The first match counts. */
const NEEDED: readonly (readonly [version: string, error: RegExp, code: RegExp])[] = [
  ["3.14", /SyntaxError: multiple exception types/, /^except /],
  ["3.12", /SyntaxError/, /^type\s+\w+\s*(\[.*\])?\s*=/],
  ["3.12", /SyntaxError/, /^(async\s+)?(def|class)\s+\w+\s*\[/],
  ["3.12", /SyntaxError/, /\bf(["']).*\{[^{}]*\1.*\}.*\1/],
  ["3.11", /SyntaxError/, /^except\s*\*/],
  ["3.10", /SyntaxError/, /^(match\s+.+|case\s+.+):\s*(#.*)?$/],
  ["3.8", /SyntaxError/, /:=/],
  ["3.8", /SyntaxError/, /^(async\s+)?def\s.*,\s*\/\s*[,)]/],
  ["3.10", /TypeError: unsupported operand type\(s\) for \|: '(type|NoneType)'/, /^/],
  ["3.9", /TypeError: 'type' object is not subscriptable/, /^/],
  ["3.12", /cannot import name '(override|TypeAliasType)' from 'typing'/, /^/],
  ["3.11", /cannot import name '(Self|LiteralString|Never|NotRequired)' from 'typing'/, /^/],
  ["3.11", /module 'asyncio' has no attribute '(TaskGroup|timeout|Runner)'/, /^/],
];

/**
 * The Python version that the code of a syntax error needs.
 * @param code the line that the error points at
 * @returns such as `3.12`
 */
export function neededPython(error: string, code: string): string | undefined {
  return NEEDED.find(([, words, line]) => words.test(error) && line.test(code.trim()))?.[0];
}

/** The version of the Python that ran the plugin: from its path, or as it reported it. */
export function pythonVersionOf({ pythonVersion, file }: RuleContext): string | undefined {
  if (pythonVersion !== undefined) return pythonVersion;
  const path = file?.interpreter?.path ?? "";
  return /python(3\.\d+)$/.exec(path)?.[1];
}
