/** The ways in which a call to a node fails. */
import { Failure, type FailureParts } from "../../errors/failure.js";

/** The node answered with an error. */
export class RpcError extends Error {
  constructor(
    readonly method: string,
    /** lightningd's error code (common/jsonrpc_errors.h). */
    readonly code: number,
    message: string,
    readonly data?: unknown,
    /** Other members of the error: pyln-client adds the `traceback` of an exception. */
    readonly more: { readonly [member: string]: unknown } = {},
  ) {
    super(message);
    this.name = "RpcError";
  }
}

/**
 * Why no answer arrived:
 * `missing`: no socket file;
 * `refused`: no process listens (a crash left the file, or the node is shutting down);
 * `denied`: no permission;
 * `not-a-socket`: the file is not a socket;
 * `closed`: the node closed the connection before it answered;
 * `garbage`: the answer is not JSON-RPC;
 * `silent`: nothing arrived in time;
 * `cut`: the caller gave up.
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

/** The node did not answer (exit code 3). */
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
