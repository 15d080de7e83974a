/** `network.json`: which nodes a network has, and which chain is theirs. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Failure, messageOf } from "../../errors/failure.js";
import { isObject } from "../../jsonrpc/json.js";
import { regtestCommand } from "../regtest-command.js";
import { replaceFile } from "../replace-file.js";
import { NETWORK_FILE } from "./folder.js";

export interface NetworkNode {
  readonly name: string;
  readonly port: number;
  /** Of its lightningd, absolute. */
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
  /** Whether its nodes have had their money and channels. */
  readonly isSetUp: boolean;
  readonly nodes: readonly NetworkNode[];
}

const FORMAT = 1;

/** @throws Failure `regtest-network`: it cannot be read */
export function readNetworkFile(folder: string): NetworkFile {
  const path = join(folder, NETWORK_FILE);
  try {
    return parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    throw new Failure({
      kind: "regtest-network",
      what: `cannot read ${path}`,
      why: messageOf(error),
      fix: `Begin again: ${regtestCommand("reset", folder)}`,
      exitCode: 1,
      cause: error,
    });
  }
}

export function writeNetworkFile(folder: string, network: NetworkFile): void {
  const text = JSON.stringify({ format: FORMAT, ...network }, null, 2);
  replaceFile(join(folder, NETWORK_FILE), `${text}\n`);
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
