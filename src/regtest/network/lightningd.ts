/** Which lightningd a node runs, and whether it can be used. */
import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { Failure, messageOf } from "../../errors/failure.js";
import { tryStat } from "../../filesystem/try-read.js";
import { isVersionBetween } from "../../node/version.js";
import { findProgram } from "../../plugin/file/shebang.js";

export interface Lightningd {
  /** Absolute. */
  readonly path: string;
  /** As `--version` prints it: `v26.06.6`. */
  readonly version: string;
}

/**
 * The oldest release that works. Since v23.11 every build has `--developer` and takes its block
 * poll at run time; before v23.08 a failed exec of a plugin makes lightningd kill every process of
 * its user.
 */
const OLDEST = "v23.11";
const VERSION_MS = 10_000;

/**
 * Finds the lightningd to run.
 * @param wanted a path, or a name to look up on PATH
 * @throws Failure (exit code 3) if there is none, or none that can be used
 */
export async function findLightningd(wanted = "lightningd"): Promise<Lightningd> {
  const found = findProgram(wanted);
  if (found === undefined || tryStat(found)?.isFile() !== true) {
    const why = wanted.includes("/")
      ? `${resolve(wanted)} is not an executable file`
      : `${wanted} is not on PATH`;
    throw refusal("no lightningd", why);
  }
  const path = resolve(found);
  let version: string;
  try {
    const { stdout } = await promisify(execFile)(path, ["--version"], { timeout: VERSION_MS });
    version = stdout.trim().split("\n")[0] ?? "";
  } catch (error) {
    throw refusal(`${path} cannot be run`, messageOf(error).trim());
  }
  if (/^v?\d+\.\d+/.test(version) && !isVersionBetween(version, OLDEST, "v99.99")) {
    throw refusal(
      `${path} is ${version}`,
      `a regtest network needs ${OLDEST} or later: older releases take up to 30 s to see a block, and some kill other processes when a plugin fails to start`,
    );
  }
  return { path, version };
}

const HOW_TO_GET =
  "Get a release from https://github.com/ElementsProject/lightning/releases, or name one with --lightningd PATH. Without it: cln-dev watch --embedded";

function refusal(what: string, why: string): Failure {
  return new Failure({ kind: "regtest-lightningd", what, why, fix: HOW_TO_GET, exitCode: 3 });
}
