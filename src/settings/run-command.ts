/** Parses `--exec` and `--env`, and the settings of the same names: how to run a plugin. */
import { usageFailure } from "../errors/failure.js";
import { splitWords } from "../plugin/shell-words.js";

/**
 * Splits the text of `--exec` into words.
 * @throws Failure (exit code 2) if it lacks `{plugin}`, the place of the plugin's path
 */
export function commandWords(text: string): readonly string[] {
  const words = splitWords(text);
  if (words.some((word) => word.includes("{plugin}"))) return words;
  throw usageFailure(`--exec ${JSON.stringify(text)} does not show where the plugin's path goes`, {
    fix: 'Put {plugin} there, as in --exec "uv run {plugin}"',
  });
}

/**
 * Splits the text of `--env` into name and value.
 * @param text `NAME=value`
 * @throws Failure (exit code 2) if it has no valid name or no `=`
 */
export function environmentVariable(text: string): readonly [name: string, value: string] {
  const at = text.indexOf("=");
  const name = text.slice(0, Math.max(at, 0));
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return [name, text.slice(at + 1)];
  throw usageFailure(`--env ${JSON.stringify(text)} is not a name and a value`, {
    fix: "Write it as in --env RUST_LOG=debug",
  });
}
