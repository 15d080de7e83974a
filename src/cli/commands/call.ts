/** `cln-dev call`: any RPC method, with lightning-cli's conventions. */
import { usageFailure } from "../../errors/failure.js";
import { callParams } from "../../node/rpc/call-params.js";
import { callNodeText } from "../../node/rpc/client.js";
import { identifyNode } from "../../watch/node/identify-node.js";
import { indentJson } from "../report/json/indent-json.js";
import { sanitize } from "../report/sanitize.js";

import type { Context, ExitCode } from "./context.js";
import { atNode, nodesOf } from "./target-nodes.js";

/** A plugin's method may take as long as it likes: lightning-cli waits for ever. */
const CALL_TIMEOUT_MS = 24 * 60 * 60_000;

export async function call(
  context: Context,
  method: string,
  params: readonly string[],
  flags: { readonly keywords?: boolean },
): Promise<ExitCode> {
  const [node, ...others] = await nodesOf(context);
  if (node === undefined || others.length > 0) {
    throw usageFailure("call takes exactly one node", { fix: "Give one --lightning-dir" });
  }
  const options = { timeoutMs: CALL_TIMEOUT_MS, signal: context.io.signal };
  const text = await atNode(node, async () => {
    await identifyNode(node, { signal: context.io.signal });
    return callNodeText(node.rpcFile, method, callParams(params, flags.keywords), options);
  });
  const { stdout } = context.io;
  const shown = context.flags.json ? text : indentJson(text);
  // A program gets what the node sent; a terminal must not be steered by it.
  stdout.write(`${stdout.isTTY ? sanitize(shown, { newlines: true }) : shown}\n`);
  return 0;
}
