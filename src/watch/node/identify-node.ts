/** Identifies a node, and checks whether its plugins may be started and stopped. */
import { statSync } from "node:fs";
import { Failure } from "../../errors/failure.js";
import type { NodeFacts } from "../../events/watch-events.js";
import { isObject } from "../../jsonrpc/json.js";
import { type CallOptions, callNode } from "../../node/rpc/client.js";
import { RpcError } from "../../node/rpc/errors.js";
import { nodeUnreachable } from "../../node/rpc/unreachable.js";
import { isVersionBefore } from "../../node/version.js";
import type { NodeAddress } from "../../settings/types.js";

const TIMEOUT_MS = 10_000;
/**
 * The first release that survives a failed exec: an earlier one kills every process of its user at
 * the next start of that plugin (lightningd/plugin.c: kill(-1); fixed by 55168e66a).
 */
const FIRST_SAFE_RELEASE = "v23.08";

/**
 * Asks a node for its id, network and version.
 * @throws Failure `mainnet` (exit code 2) if it is on mainnet and the command line does not name it
 * @throws NodeUnreachable also if it answers with an error, or its answer does not name a network
 */
export async function identifyNode(
  address: NodeAddress,
  options?: CallOptions,
): Promise<NodeFacts> {
  const { rpcFile } = address;
  const info = await callNode(rpcFile, "getinfo", {}, { timeoutMs: TIMEOUT_MS, ...options }).catch(
    (error: unknown) => {
      if (!(error instanceof RpcError)) throw error;
      throw nodeUnreachable(
        "garbage",
        rpcFile,
        `it answered getinfo with the error ${error.message}`,
      );
    },
  );
  const facts = isObject(info) ? info : {};
  const { network } = facts;
  if (typeof network !== "string") {
    throw nodeUnreachable("garbage", rpcFile, "its answer to getinfo has no network");
  }
  guardMainnet(address, network);
  return {
    rpcFile,
    lightningDir: address.lightningDir,
    network,
    version: String(facts.version ?? ""),
    id: String(facts.id ?? ""),
    alias: String(facts.alias ?? ""),
    embedded: false,
  };
}

/**
 * Identifies a node on which plugins will be started or stopped.
 * @throws Failure `node-too-old` (exit code 2), and what {@link identifyNode} throws
 */
export async function identifyForControl(
  address: NodeAddress,
  options?: CallOptions,
): Promise<NodeFacts> {
  const facts = await identifyNode(address, options);
  if (!isVersionBefore(facts.version, FIRST_SAFE_RELEASE)) return facts;
  throw new Failure({
    kind: "node-too-old",
    what: `the node at ${address.rpcFile} is lightningd ${facts.version}`,
    why: `releases before ${FIRST_SAFE_RELEASE} can kill every process of their user when they restart a plugin that could not be run`,
    fix: `Use lightningd ${FIRST_SAFE_RELEASE} or later; list, call and logs work with this one`,
    exitCode: 2,
  });
}

/**
 * Returns a value that changes when another node may be listening at this path; undefined if there
 * is no file.
 */
export function socketIdentity(rpcFile: string): string | undefined {
  const stat = statSync(rpcFile, { throwIfNoEntry: false, bigint: true });
  return stat && `${stat.dev}:${stat.ino}:${stat.ctimeNs}`;
}

/** Describes how a node differs from before, for the terminal; empty if it is the same node. */
export function nodeChanges(before: NodeFacts, now: NodeFacts): string {
  const changes: string[] = [];
  if (before.id !== now.id) changes.push(`id ${now.id.slice(0, 8)} (was ${before.id.slice(0, 8)})`);
  if (before.network !== now.network)
    changes.push(`network ${now.network} (was ${before.network})`);
  if (before.version !== now.version) changes.push(`${now.version} (was ${before.version})`);
  return changes.join(", ");
}

function guardMainnet(address: NodeAddress, network: string): void {
  const named = address.network === "bitcoin" && address.networkNamedBy === "command line";
  if (network !== "bitcoin" || named) return;
  throw new Failure({
    kind: "mainnet",
    what: `the node at ${address.rpcFile} is on mainnet`,
    why: "a plugin under development can take the node down, and real money is on it",
    fix: "Develop on regtest or signet; if you mean this node, add --mainnet to the command line",
    exitCode: 2,
  });
}
