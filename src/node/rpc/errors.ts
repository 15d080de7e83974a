/** What can come of a call to the node other than its result. */
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
    /** What else the answer held: pyln-client sends the `traceback` of an exception. */
    readonly more: { readonly [member: string]: unknown } = {},
  ) {
    super(message);
    this.name = "RpcError";
  }
}

/**
 * Why no answer came: `missing` no socket file; `refused` nobody listens (a crash left the file, or
 * the node is going down); `denied` no permission; `not-a-socket`; `closed` the node went away before
 * it had answered; `garbage` what came is not JSON-RPC; `silent` nothing came in time; `cut` the
 * caller gave up.
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
