/** How a call to the node can fail. */
import { Failure, type FailureParts } from "../../errors/failure.js";

/** The node answered with an error. */
export class RpcError extends Error {
  constructor(
    /** The method that was called. */
    readonly method: string,
    /** lightningd's code: common/jsonrpc_errors.h. */
    readonly code: number,
    message: string,
    readonly data?: unknown,
    /** The other members of the answer: pyln-client sends the `traceback` of an exception. */
    readonly more: { readonly [member: string]: unknown } = {},
  ) {
    super(message);
    this.name = "RpcError";
  }
}

/**
 * Why no answer came: `missing` no socket file; `refused` no process listens (a crash left the
 * file, or the node is shutting down); `denied` no permission; `not-a-socket`; `closed` the node
 * went away before it answered; `garbage` the answer is not JSON-RPC; `silent` nothing came in
 * time; `cut` the caller gave up.
 */
export type UnreachableReason =
  | "missing"
  | "refused"
  | "denied"
  | "not-a-socket"
  | "closed"
  | "garbage"
  | "silent"
  | "cut";

/** No answer from a node: exit code 3. */
export class NodeUnreachable extends Failure {
  constructor(
    readonly reason: UnreachableReason,
    readonly rpcFile: string,
    parts: Omit<FailureParts, "kind" | "exitCode">,
  ) {
    super({ kind: `node-${reason}`, exitCode: 3, ...parts });
    this.name = "NodeUnreachable";
  }
}
