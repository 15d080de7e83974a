/** Text for notices about files that should no longer start a plugin. */
import { dirname, relative } from "node:path";

/**
 * Formats files for a notice that suggests ignoring them.
 * @returns the files relative to the plugin's folder, and the flags that ignore them
 */
export function namesAndFlags(
  plugin: string,
  files: readonly string[],
): { readonly names: string; readonly flags: string } {
  const names = files.map((file) => relative(dirname(plugin), file));
  return { names: names.join(", "), flags: names.map((name) => `--ignore ${name}`).join(" ") };
}
