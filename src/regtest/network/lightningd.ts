/** Which lightningd a node runs, and whether it can be used. */
import { execFile } from "node:child_process";
import { delimiter, join, resolve } from "node:path";
import { promisify } from "node:util";
import { Failure, messageOf } from "../../errors/failure.js";
import { isExecutable, tryStat } from "../../filesystem/try-read.js";
import { isVersionBetween } from "../../node/version.js";

export interface Lightningd {
  /** Absolute. */
  readonly path: string;
  /** As it gives it: `v26.06.6`. */
  readonly version: string;
}

/**
 * Since v23.11 every build has `--developer` and takes its block poll while it runs; before v23.08 a
 * failed exec of a plugin makes it kill every process of its user.
 */
const OLDEST = "v23.11";
const VERSION_MS = 10_000;

/**
 * @param wanted a path, or a name to be looked for on PATH
 * @throws Failure (exit code 3): there is none, or none that can be used
 */
export async function findLightningd(wanted = "lightningd"): Promise<Lightningd> {
  const path = wanted.includes("/") ? resolve(wanted) : onPath(wanted);
  if (path === undefined || !isProgram(path)) {
    throw refusal(
      "no lightningd",
      path === undefined ? `${wanted} is not on PATH` : `${path} is not an executable file`,
      HOW_TO_GET,
    );
  }
  let version: string;
  try {
    const { stdout } = await promisify(execFile)(path, ["--version"], { timeout: VERSION_MS });
    version = stdout.trim().split("\n")[0] ?? "";
  } catch (error) {
    throw refusal(`${path} cannot be run`, messageOf(error).trim(), HOW_TO_GET);
  }
  if (/^v?\d+\.\d+/.test(version) && !isVersionBetween(version, OLDEST, "v99.99")) {
    throw refusal(
      `${path} is ${version}`,
      `a regtest network needs ${OLDEST} or later: older ones see a block only after 30 s, and some of them end other processes when a plugin cannot be started`,
      HOW_TO_GET,
    );
  }
  return { path, version };
}

const HOW_TO_GET =
  "Get a release from https://github.com/ElementsProject/lightning/releases, or name one with --lightningd PATH. Without it: cln-dev watch --embedded";

function onPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => resolve(join(folder, name))).find(isProgram);
}

function isProgram(path: string): boolean {
  return isExecutable(path) && tryStat(path)?.isFile() === true;
}

function refusal(what: string, why: string, fix: string): Failure {
  return new Failure({ kind: "regtest-lightningd", what, why, fix, exitCode: 3 });
}
