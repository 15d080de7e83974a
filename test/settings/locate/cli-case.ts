/** One row of the tables of where lightning-cli looks for the socket (cli-cases.ts). "@" stands for its folder. */
import type { NodeChoice } from "../../../src/settings/locate/locate-node.js";

export interface CliCase {
  readonly name: string;
  /** Content by path; HOME is `home`, the working directory is the case's folder. */
  readonly files?: { readonly [path: string]: string };
  readonly folders?: readonly string[];
  readonly choice?: NodeChoice;
  /** The short flag on the command line that `choice.network` stands for. */
  readonly flag?: string;
  /** null: unset. */
  readonly home?: string | null;
  /** The socket, or the words of the refusal. */
  readonly at?: string;
  readonly refused?: readonly string[];
  readonly hint?: string;
  /** Why we do something else here, on purpose. */
  readonly cliDiffers?: string;
}

export const REGTEST = "home/.lightning/regtest/lightning-rpc";
export const BITCOIN = "home/.lightning/bitcoin/lightning-rpc";

/** One config in the default lightning-dir, and what comes of it. */
export function base(name: string, config: string, rest: Omit<CliCase, "name" | "files">): CliCase {
  return { name, files: { "home/.lightning/config": config }, ...rest };
}
