/** The first words with a node: who it is, and whether we may touch it. Used by every command. */
import { Failure } from "../../errors/failure.js";
import type { NodeFacts } from "../../events/watch-events.js";
import { isObject } from "../../jsonrpc/json.js";
import { type CallOptions, callNode } from "../../node/rpc/client.js";
import type { NodeAddress } from "../../settings/types.js";

/**
 * Asks a node who it is.
 * @throws Failure `mainnet` (exit code 2): it is on mainnet, and the command line does not say so
 * @throws RpcError, NodeUnreachable
 */
export async function identifyNode(
  address: NodeAddress,
  options?: CallOptions,
): Promise<NodeFacts> {
  const info = await callNode(address.rpcFile, "getinfo", {}, { timeoutMs: 10_000, ...options });
  const facts = isObject(info) ? info : {};
  const network = String(facts.network ?? address.network);
  guardMainnet(address, network);
  return {
    rpcFile: address.rpcFile,
    lightningDir: address.lightningDir,
    network,
    version: String(facts.version ?? ""),
    id: String(facts.id ?? ""),
    alias: String(facts.alias ?? ""),
    embedded: false,
  };
}

function guardMainnet(address: NodeAddress, network: string): void {
  const named = address.network === "bitcoin" && address.networkNamedBy === "command line";
  if (network !== "bitcoin" || named) return;
  throw new Failure({
    kind: "mainnet",
    what: `the node at ${address.rpcFile} is on mainnet`,
    why: "a plugin under development can take the node down, and real money is on it",
    fix: "Develop on regtest or signet; if you mean this node, say --mainnet on the command line",
    exitCode: 2,
  });
}
