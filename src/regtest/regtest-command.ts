/** The commands that messages suggest: each for the network in question, wherever its folder is. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { realPathOf } from "../filesystem/try-read.js";
import { shellPath } from "../plugin/shell-words.js";

/** `cln-dev-regtest-<user id>` under the system's temp folder. */
export function defaultNetworkFolder(): string {
  return join(realPathOf(tmpdir()), `cln-dev-regtest-${process.getuid?.() ?? 0}`);
}

/**
 * Returns `cln-dev regtest stop`, for example, with `--dir` if the network is not the default one.
 */
export function regtestCommand(words: string, folder: string): string {
  const dir = folder === defaultNetworkFolder() ? "" : ` --dir ${shellPath(folder)}`;
  return `cln-dev regtest ${words}${dir}`;
}
