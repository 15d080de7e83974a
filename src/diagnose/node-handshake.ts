/**
 * What an offline run needs to be the handshake that the node itself gives: its version, its
 * environment. Asked of the node and of its process; what does not come in time is left out.
 */
import { isObject, stringOf } from "../jsonrpc/json.js";
import { callNode } from "../node/rpc/client.js";
import type { HandshakeOptions } from "../plugin/handshake/handshake.js";
import type { NodePlace } from "../plugin/handshake/init-params.js";
import { nodeEnvironment } from "./evidence/node-environment.js";

/** The node is asked for these only to be exact: it does not get long for it. */
const ASK_TIMEOUT_MS = 2_000;

/** A node as an offline run is to imitate it. */
export interface NodeToImitate extends NodePlace {
  /** The base directory; undefined for a node that has none of its own (`check`). */
  readonly lightningDir?: string;
}

export type NodeHandshake = Pick<HandshakeOptions, "version" | "env">;

/** Never throws. @param isThere false where the node has died: nothing is asked of it */
export async function nodeHandshake(node: NodeToImitate, isThere = true): Promise<NodeHandshake> {
  const env =
    node.lightningDir === undefined ? undefined : nodeEnvironment(node.lightningDir, node.network);
  const info: unknown = isThere
    ? await callNode(node.rpcFile, "getinfo", {}, { timeoutMs: ASK_TIMEOUT_MS }).catch(
        () => undefined,
      )
    : undefined;
  const version = isObject(info) ? stringOf(info.version) : undefined;
  return {
    ...(env === undefined ? {} : { env }),
    ...(version === undefined ? {} : { version }),
  };
}
