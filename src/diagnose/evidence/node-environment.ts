/**
 * The environment of a running node, and so of its plugins: another user, a service manager or sudo
 * gives it other variables than a shell has. On Linux it can be read for processes of the same
 * user.
 */
import { realPathOf } from "../../filesystem/try-read.js";
import { nodePid } from "../../node/node-process.js";
import {
  argumentsOf,
  environmentOf,
  readProc,
  workingDirectoryOf,
} from "../../node/process-table.js";
import { readSource } from "./own-code.js";

export interface EnvironmentDifference {
  /** Names of variables that differ, among those that programs use or that the plugin mentions. */
  readonly differing: readonly string[];
  /** Names of variables that are set here but not for the node. */
  readonly onlyHere: readonly string[];
  /** The value of our PYTHONPATH, if a directory in it has what the plugin lacks. */
  readonly pythonPath: string | undefined;
}

/** What interpreters and libraries use. */
const LOOKED_AT = [
  "PATH",
  "HOME",
  "PYTHONPATH",
  "PYTHONHOME",
  "PYTHONUSERBASE",
  "VIRTUAL_ENV",
  "LD_LIBRARY_PATH",
  "NODE_PATH",
  "NODE_OPTIONS",
  "PERL5LIB",
  "RUBYLIB",
  "GEM_HOME",
  "LANG",
  "LC_ALL",
];

/**
 * Reads the environment of the node's process.
 * @param lightningDir the base directory, where the node's pid file is
 * @returns undefined if it cannot be read, or if the node is in this process
 */
export function nodeEnvironment(
  lightningDir: string,
  network: string,
): NodeJS.ProcessEnv | undefined {
  const pid = nodePid(lightningDir, network);
  if (pid === undefined || pid === process.pid) return undefined;
  // A pid left over from an earlier node may belong to any process by now.
  const isNode = /^(lightningd|node|cln-dev|MainThread)/.test(readProc(pid, "comm") ?? "");
  const isThere = workingDirectoryOf(pid) === realPathOf(`${lightningDir}/${network}`);
  const isEmbedded = argumentsOf(pid).some((word) => word.includes("cln-dev"));
  return isNode && (isThere || isEmbedded) ? environmentOf(pid) : undefined;
}

/**
 * Finds the variables that may make the difference between the node and this shell.
 * @param sources paths of the plugin's own code
 */
export function compareEnvironments(
  node: NodeJS.ProcessEnv,
  here: NodeJS.ProcessEnv,
  sources: readonly string[],
): Pick<EnvironmentDifference, "differing" | "onlyHere"> {
  const mentioned = new Set(
    sources.flatMap((path) => readSource(path)?.match(/\b[A-Z][A-Z0-9_]{2,}\b/g) ?? []),
  );
  const names = [...new Set([...LOOKED_AT, ...mentioned])].filter(
    (name) => !name.startsWith("LIGHTNINGD_"),
  );
  return {
    differing: names.filter((name) => node[name] !== here[name]),
    onlyHere: Object.keys(here).filter((name) => node[name] === undefined),
  };
}

/** Whether a text has the name of a variable as a word. A name may have any sign but `=`. */
export function mentions(text: string, name: string): boolean {
  return text.match(/\w+/g)?.includes(name) ?? false;
}
