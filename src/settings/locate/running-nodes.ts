/**
 * The lightning nodes that this user can see on this machine, for the error that says that the one
 * asked for is not there. Loaded and called on that failure only.
 */
import { readdirSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "../../errors/failure.js";
import { connectUnix } from "../../node/rpc/unix-socket.js";
import type { NodeAddress, Surroundings } from "../types.js";
import { lightningdProcesses } from "./lightningd-processes.js";
import { locateNode } from "./locate-node.js";
import { isNetwork } from "./networks.js";

export interface RunningNode {
  readonly lightningDir: string;
  readonly network: string;
  readonly rpcFile: string;
  /** Whether somebody listens on the socket. */
  readonly listening: boolean;
  /** What to write on the command line to get to it: `--lightning-dir=/tmp/l1-regtest`. */
  readonly flags: string;
}

/** Where `startup_regtest.sh` and we put nodes: `/tmp/l1-regtest`, `/tmp/l1`, `cln-dev-node-...`. */
const USUAL_NAME = /^(?:l\d+|l.*-(?:regtest|signet|testnet4?|bitcoin)|cln-dev-node-.*)$/;
const MAX_LOOKED_AT = 64;

/**
 * Listening nodes first, and of these the ones in the same lightning-dir.
 * @param asked the node that is not there: other networks of its lightning-dir are looked at as well
 * @param timeoutMs how long a socket may take to accept a connection, in ms
 */
export async function runningNodes(
  asked: NodeAddress,
  surroundings: Surroundings,
  timeoutMs = 200,
): Promise<RunningNode[]> {
  const nodesIn = (base: string) =>
    networkFolders(base).flatMap((network) => nodeIn(base, network));
  const running = lightningdProcesses().filter((node) => isSocket(node.rpcFile));
  const usual = usualFolders(surroundings).flatMap(nodesIn);
  const found = [...nodesIn(asked.lightningDir), ...running, ...usual];
  const others = new Map(found.map((node) => [node.rpcFile, node]));
  others.delete(asked.rpcFile);
  const nodes = await Promise.all(
    [...others.values()].slice(0, MAX_LOOKED_AT).map(
      async ({ lightningDir, network, rpcFile }): Promise<RunningNode> => ({
        lightningDir,
        network,
        rpcFile,
        listening: await accepts(rpcFile, timeoutMs),
        flags: flagsFor({ lightningDir, network, rpcFile }, surroundings),
      }),
    ),
  );
  // Another network of the same folder is the likeliest to have been meant.
  const rank = (node: RunningNode) =>
    Number(node.listening) * 2 + Number(node.lightningDir === asked.lightningDir);
  return nodes.sort((a, b) => rank(b) - rank(a));
}

/** Lightning-dirs as people have them: under HOME, and the regtest ones in the temp folder. */
function usualFolders({ home }: Surroundings): string[] {
  const temp = [...new Set(["/tmp", tmpdir()])].flatMap((folder) =>
    namesIn(folder)
      .filter((name) => USUAL_NAME.test(name))
      .map((name) => join(folder, name)),
  );
  return home ? [join(home, ".lightning"), ...temp] : temp;
}

function networkFolders(base: string): string[] {
  return namesIn(base).filter(isNetwork);
}

/** The node of this network, where its socket is there. */
function nodeIn(lightningDir: string, network: string): NodeAddress[] {
  try {
    const node = locateNode({ lightningDir, network }, { home: undefined, cwd: "/" });
    return isSocket(node.rpcFile) ? [node] : [];
  } catch (error) {
    if (error instanceof Failure) return [];
    throw error;
  }
}

/** The shortest flags that lead to the same socket. */
function flagsFor(
  node: { readonly lightningDir: string; readonly network: string; readonly rpcFile: string },
  surroundings: Surroundings,
): string {
  const { lightningDir, network, rpcFile } = node;
  for (const choice of [{ network }, { lightningDir }, { lightningDir, network }]) {
    if (leadsTo(rpcFile, choice, surroundings)) {
      const dir = choice.lightningDir === undefined ? [] : [`--lightning-dir=${lightningDir}`];
      const net = choice.network === undefined ? [] : [`--network=${network}`];
      return [...dir, ...net].join(" ");
    }
  }
  return `--rpc-file=${rpcFile}`;
}

function leadsTo(
  rpcFile: string,
  choice: { readonly lightningDir?: string; readonly network?: string },
  surroundings: Surroundings,
): boolean {
  try {
    return locateNode(choice, surroundings).rpcFile === rpcFile;
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}

function accepts(rpcFile: string, timeoutMs: number): Promise<boolean> {
  return new Promise((done) => {
    let socket: ReturnType<typeof connectUnix>;
    try {
      socket = connectUnix(rpcFile);
    } catch {
      done(false); // Its folder went away meanwhile.
      return;
    }
    const end = (answer: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      done(answer);
    };
    const timer = setTimeout(() => end(false), timeoutMs);
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
  });
}

function isSocket(path: string): boolean {
  try {
    return statSync(path).isSocket();
  } catch {
    return false;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
