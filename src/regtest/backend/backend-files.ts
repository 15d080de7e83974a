/**
 * What the nodes of a network run in place of bcli: a copy of our own program, the script that
 * starts it, and its options.
 */
import { copyFileSync, existsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Failure } from "../../errors/failure.js";
import { quoteWord } from "../../plugin/shell-words.js";

/**
 * The file that the configs name: it starts {@link BACKEND_PROGRAM} with the Node that we run on.
 */
export const BACKEND_FILE = "backend";
export const BACKEND_PROGRAM = "backend.js";
/** The option with the folder of the chain. */
export const CHAIN_OPTION = "cln-dev-chain";
/** The option with the hash of block 1: a node refuses any chain but its own. */
export const CHAIN_ID_OPTION = "cln-dev-chain-id";
/** The environment variable with the process (pid and start) that the network must not outlive. */
export const OWNER_VARIABLE = "CLN_DEV_REGTEST_OWNER";

/**
 * Copies the backend into the folder: lightningd can also be started by hand, and after our own
 * package has moved.
 */
export function writeBackend(folder: string): void {
  const program = join(folder, BACKEND_PROGRAM);
  copyFileSync(builtBackend(), program);
  const line = [process.execPath, program].map(quoteWord).join(" ");
  writeFileSync(join(folder, BACKEND_FILE), `#!/bin/sh\nexec ${line} "$@"\n`, { mode: 0o700 });
}

function builtBackend(): string {
  for (let place = __dirname; place !== dirname(place); place = dirname(place)) {
    const path = join(place, "dist", "regtest-backend.js");
    if (existsSync(path)) return path;
  }
  throw new Failure({
    kind: "regtest-backend",
    what: "the backend program of the regtest network is missing",
    why: `no dist/regtest-backend.js above ${__dirname}`,
    fix: "Install cln-dev again",
    exitCode: 1,
  });
}
