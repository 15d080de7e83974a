/**
 * The folder of a network: private to this user, and used for nothing else. Its `network.json`
 * lists the nodes and identifies their chain.
 */
import { chmodSync, lstatSync, mkdirSync, readdirSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { Failure, messageOf, systemCode, usageFailure } from "../../errors/failure.js";
import { whyNotPrivate } from "../../filesystem/private-folder.js";
import { readRegularFile } from "../../filesystem/regular-file.js";
import { realPathOf } from "../../filesystem/try-read.js";
import { isObject } from "../../jsonrpc/json.js";
import { shellPath } from "../../plugin/shell-words.js";
import { regtestCommand } from "../regtest-command.js";
import { saveFile } from "../save-file.js";

/** The longest socket path that works on every system, in bytes (macOS: 104 with the final NUL). */
const MAX_SOCKET_BYTES = 103;
const LONGEST_SOCKET = "l99/regtest/lightning-rpc";
/** What JSON escapes: lightningd's own plugins do not unescape it. */
const UNUSABLE = /["\\\p{Cc}]/u;
/** The file that marks a folder as a network. */
export const NETWORK_FILE = "network.json";

/**
 * Returns the folder as an absolute path, with no symlink before its last name. Does not check
 * whether it exists.
 * @throws Failure (exit code 2) if the paths of sockets in it would be too long, or lightningd
 * could not use it
 */
export function networkFolder(dir: string, cwd = process.cwd()): string {
  const absolute = resolve(cwd, dir);
  const folder = join(realPathOf(dirname(absolute)), basename(absolute));
  const bad = UNUSABLE.exec(folder)?.[0];
  if (bad !== undefined) {
    throw usageFailure(`the path of a network cannot contain ${JSON.stringify(bad)}: ${folder}`, {
      why: "lightningd passes that path to its own plugins with the character escaped",
      fix: "Name another folder with --dir",
    });
  }
  const longest = MAX_SOCKET_BYTES - Buffer.byteLength(LONGEST_SOCKET) - 1;
  if (Buffer.byteLength(folder) <= longest) return folder;
  throw usageFailure(`the path is too long for a network: ${folder}`, {
    why: `it holds the nodes' sockets, and the path of a socket has at most ${MAX_SOCKET_BYTES} bytes`,
    fix: `Name a folder of at most ${longest} bytes with --dir`,
  });
}

/**
 * Creates the folder, or checks that it is a network or empty.
 * @throws Failure `regtest-folder` if it is not ours, or holds something else
 */
export function prepareFolder(folder: string): void {
  try {
    mkdirSync(dirname(folder), { recursive: true });
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw refusal(folder, messageOf(error), error);
  }
  const names = ownEntries(folder, { mayBeOpen: true });
  if (names.length > 0 && !names.includes(NETWORK_FILE)) {
    const shown = names.slice(0, 3).join(", ");
    throw refusal(
      folder,
      `it is not a network of cln-dev regtest: it has ${shown}${names.length > 3 ? ", ..." : ""}`,
    );
  }
  if (names.length === 0) chmodSync(folder, 0o700);
  else ownEntries(folder);
}

/**
 * Whether the folder holds a network.
 * @throws Failure `regtest-folder` if the folder is not ours: its content cannot be trusted
 */
export function holdsNetwork(folder: string): boolean {
  try {
    lstatSync(folder);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(systemCode(error) ?? "")) return false;
    throw refusal(folder, messageOf(error), error);
  }
  return (
    ownEntries(folder, { mayBeOpen: true }).includes(NETWORK_FILE) && ownEntries(folder).length > 0
  );
}

/**
 * Lists the content of the folder, without locks.
 * @throws Failure if it is not a folder that only this user can enter
 */
function ownEntries(folder: string, { mayBeOpen = false } = {}): readonly string[] {
  const foreign = whyNotPrivate(folder, { mayBeOpen: true });
  if (foreign !== undefined) throw refusal(folder, foreign);
  const open = whyNotPrivate(folder, { mayBeOpen });
  if (open !== undefined) {
    throw refusal(folder, open, undefined, `Run: chmod 700 ${shellPath(folder)}`);
  }
  // A lock exists before and after everything else.
  return readdirSync(folder).filter((name) => !/^lock(\.|$)/.test(name));
}

function refusal(folder: string, why: string, cause?: unknown, fix?: string): Failure {
  return new Failure({
    kind: "regtest-folder",
    what: `the folder of the network cannot be used: ${folder}`,
    why,
    fix: fix ?? "Name another folder with --dir; it need not exist yet",
    exitCode: 2,
    cause,
  });
}

export interface NetworkNode {
  readonly name: string;
  readonly port: number;
  /** The absolute path of its lightningd. */
  readonly lightningd: string;
  readonly version: string;
  /** Its public key, once it has run. */
  readonly id?: string;
}

export interface NetworkFile {
  /** The hash of block 1; undefined until the chain is made. */
  readonly chainId?: string;
  /** Whether the nodes run with `--developer`. */
  readonly developer: boolean;
  /** Whether each node has a channel to the next one. */
  readonly channels: boolean;
  /** Whether its nodes have received their money and channels. */
  readonly isSetUp: boolean;
  readonly nodes: readonly NetworkNode[];
}

const FORMAT = 1;
const MAX_NETWORK_FILE_BYTES = 1024 * 1024;

/**
 * Reads `network.json` in the network's folder.
 * @throws Failure `regtest-network` if it cannot be read
 */
export function readNetworkFile(folder: string): NetworkFile {
  const path = join(folder, NETWORK_FILE);
  try {
    return parse(
      JSON.parse(readRegularFile(path, { maxBytes: MAX_NETWORK_FILE_BYTES }).toString("utf8")),
    );
  } catch (error) {
    throw new Failure({
      kind: "regtest-network",
      what: `cannot read ${path}`,
      why: messageOf(error),
      fix: `Start over: ${regtestCommand("reset", folder)}`,
      exitCode: 1,
      cause: error,
    });
  }
}

/** Writes `network.json`. */
export function writeNetworkFile(folder: string, network: NetworkFile): void {
  const text = JSON.stringify({ format: FORMAT, ...network }, null, 2);
  saveFile(join(folder, NETWORK_FILE), `${text}\n`);
}

function parse(read: unknown): NetworkFile {
  if (!isObject(read) || !Array.isArray(read.nodes))
    throw new Error("it does not describe a network");
  if (read.format !== FORMAT) throw new Error(`its format is ${read.format}, not ${FORMAT}`);
  const nodes = read.nodes.map((node: unknown): NetworkNode => {
    const { name, port, lightningd, version, id } = isObject(node) ? node : {};
    if (typeof name !== "string" || !/^l\d{1,2}$/.test(name)) throw new Error("a node has no name");
    if (typeof port !== "number" || typeof lightningd !== "string") {
      throw new Error(`${name} has no port or no lightningd`);
    }
    const known = typeof id === "string" ? { id } : {};
    return { name, port, lightningd, version: String(version ?? ""), ...known };
  });
  return {
    ...(typeof read.chainId === "string" ? { chainId: read.chainId } : {}),
    developer: read.developer !== false,
    channels: read.channels !== false,
    isSetUp: read.isSetUp === true,
    nodes,
  };
}
