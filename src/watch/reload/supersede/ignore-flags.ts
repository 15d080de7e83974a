/** How files are named if a plugin is not to be started for them any more. */
import { dirname, relative } from "node:path";

/** @returns the files from the plugin's folder, and the flags that leave them out */
export function namesAndFlags(
  plugin: string,
  files: readonly string[],
): { readonly names: string; readonly flags: string } {
  const names = files.map((file) => relative(dirname(plugin), file));
  return { names: names.join(", "), flags: names.map((name) => `--ignore ${name}`).join(" ") };
}
