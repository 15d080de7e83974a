/** The commands that messages name: of this very network, wherever its folder is. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { realPathOf } from "../filesystem/try-read.js";
import { shellPath } from "../plugin/shell-words.js";

/** `cln-dev-regtest-<user id>` under the system's temp folder. */
export function defaultNetworkFolder(): string {
  return join(realPathOf(tmpdir()), `cln-dev-regtest-${process.getuid?.() ?? 0}`);
}

/** `cln-dev regtest stop`, with `--dir` if the network is not the one that is used without it. */
export function regtestCommand(words: string, folder: string): string {
  const dir = folder === defaultNetworkFolder() ? "" : ` --dir ${shellPath(folder)}`;
  return `cln-dev regtest ${words}${dir}`;
}
