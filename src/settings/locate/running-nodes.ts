/**
 * Finds this user's nodes on this machine, for the error about a missing node. Loaded only for that
 * error. Ignores folders of other users.
 */
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Failure } from "../../errors/failure.js";
import { isOpenToAll, isTrustedOwner } from "../../filesystem/owner.js";
import { namesIn, tryStat } from "../../filesystem/try-read.js";
import { connectUnix } from "../../node/rpc/unix-socket.js";
import type { NodeAddress, Surroundings } from "../types.js";
import { locateAddress } from "./locate-node.js";
import { isNetwork } from "./networks.js";

export interface RunningNode {
  readonly lightningDir: string;
  readonly network: string;
  readonly rpcFile: string;
  /** The flags that select it. */
  readonly flags: string;
}

/** Names that `startup_regtest.sh` and cln-dev give to lightning-dirs: `l1-regtest`, `l1`, ... */
const USUAL_NAME = /^(?:l\d+|l.*-(?:regtest|signet|testnet4?|bitcoin)|cln-dev-node-.*)$/;
/** The folder in which `cln-dev regtest` keeps its nodes, each in a subfolder. */
const NETWORK_NAME = /^cln-dev-regtest-/;
const MAX_FOLDERS = 64;

/**
 * Finds nodes that accept a connection, those in the same lightning-dir first.
 * @param asked the missing node: other networks of its lightning-dir are checked as well
 * @param timeoutMs how long a socket may take to accept a connection, in ms
 */
export async function runningNodes(
  asked: NodeAddress,
  { home }: Surroundings,
  timeoutMs = 200,
): Promise<RunningNode[]> {
  const usual = home ? join(home, ".lightning") : undefined;
  const folders = [asked.lightningDir, ...(usual === undefined ? [] : [usual]), ...inTempFolders()];
  const nodes = [...new Set(folders)].slice(0, MAX_FOLDERS).flatMap(nodesIn);
  const others = nodes.filter((node) => node.rpcFile !== asked.rpcFile);
  const listening = await Promise.all(others.map((node) => accepts(node.rpcFile, timeoutMs)));
  return others
    .filter((_, index) => listening[index])
    .map(({ lightningDir, network, rpcFile }) => {
      const dir = lightningDir === usual ? "" : `--lightning-dir=${lightningDir} `;
      return { lightningDir, network, rpcFile, flags: `${dir}--network=${network}` };
    });
}

function inTempFolders(): string[] {
  return [...new Set(["/tmp", tmpdir()])].flatMap((folder) =>
    namesIn(folder)
      .filter((name) => USUAL_NAME.test(name) || NETWORK_NAME.test(name))
      .flatMap((name) => foldersAt(join(folder, name))),
  );
}

/** Returns the lightning-dir itself, or the nodes' lightning-dirs if it is a regtest network. */
function foldersAt(path: string): string[] {
  if (!NETWORK_NAME.test(basename(path))) return [path];
  if (!isOurs(path)) return [];
  return namesIn(path)
    .filter((name) => USUAL_NAME.test(name))
    .map((name) => join(path, name));
}

function nodesIn(lightningDir: string): NodeAddress[] {
  if (!isOurs(lightningDir)) return [];
  return namesIn(lightningDir)
    .filter((name) => isNetwork(name) && isOurs(join(lightningDir, name)))
    .flatMap((network) => nodeIn(lightningDir, network));
}

function isOurs(folder: string): boolean {
  const stat = tryStat(folder);
  return stat?.isDirectory() === true && isTrustedOwner(stat) && !isOpenToAll(stat);
}

/** Returns the node of this network if its socket exists, else nothing. */
function nodeIn(lightningDir: string, network: string): NodeAddress[] {
  try {
    const node = locateAddress({ lightningDir, network }, { home: undefined, cwd: "/" });
    return tryStat(node.rpcFile)?.isSocket() ? [node] : [];
  } catch (error) {
    if (error instanceof Failure) return [];
    throw error;
  }
}

function accepts(rpcFile: string, timeoutMs: number): Promise<boolean> {
  return new Promise((done) => {
    let socket: ReturnType<typeof connectUnix>;
    try {
      socket = connectUnix(rpcFile);
    } catch {
      done(false); // Its folder has just been removed.
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
