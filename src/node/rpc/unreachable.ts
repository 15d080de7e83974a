/** Explains why a node did not answer, and what to do about it. */
import { statSync } from "node:fs";
import { limitFix, messageOf, systemCode } from "../../errors/failure.js";
import { NodeUnreachable, type UnreachableReason } from "./errors.js";

/** Returns the failure for a failed connect, read or write on the rpc-file. */
export function connectionFailure(rpcFile: string, error: unknown): NodeUnreachable {
  if (error instanceof NodeUnreachable) return error;
  const code = systemCode(error);
  if (code === "ENOENT" || code === "ENOTDIR")
    return nodeUnreachable("missing", rpcFile, "there is no such file", error);
  if (code === "EACCES" || code === "EPERM") {
    return nodeUnreachable("denied", rpcFile, "this user may not open it", error);
  }
  if (code === "ENOTSOCK" || (code === "ECONNREFUSED" && !isSocket(rpcFile))) {
    return nodeUnreachable("not-a-socket", rpcFile, "it is a file, not a socket", error);
  }
  if (code === "ECONNREFUSED") {
    return nodeUnreachable(
      "refused",
      rpcFile,
      "no process listens on it: the node has stopped or crashed",
      error,
    );
  }
  if (code === "ECONNRESET" || code === "EPIPE") {
    return nodeUnreachable("closed", rpcFile, "it closed the connection", error);
  }
  return new NodeUnreachable("missing", rpcFile, {
    what: `cannot connect to the node at ${rpcFile}`,
    why: messageOf(error),
    fix: limitFix(error) ?? NEXT_STEP.missing,
    cause: error,
  });
}

function isSocket(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;
}

const NEXT_STEP: { readonly [reason in UnreachableReason]: string } = {
  missing: "Start the node, or name it with --lightning-dir, or use --embedded",
  refused: "Start the node again",
  denied: "Run as the node's user, or start the node with --rpc-file-mode=0660",
  "not-a-socket":
    "Name the node's lightning-rpc with --rpc-file, or its folder with --lightning-dir",
  closed: "Read the node's log, and start it again if it is gone",
  garbage: "Name the node's own lightning-rpc with --rpc-file",
  silent:
    "Check whether the node is busy or stopped (a plugin's rpc_command hook can block every call)",
  cut: "Try again",
};

/** Returns the failure for a reason; `why` explains this particular call. */
export function nodeUnreachable(
  reason: UnreachableReason,
  rpcFile: string,
  why: string,
  cause?: unknown,
): NodeUnreachable {
  const what =
    reason === "missing" ? `no node at ${rpcFile}` : `no answer from the node at ${rpcFile}`;
  return new NodeUnreachable(reason, rpcFile, { what, why, fix: NEXT_STEP[reason], cause });
}
