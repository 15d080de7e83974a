/** `cln-dev call`: calls any RPC method, with lightning-cli's conventions. */
import { diagnoseTerminatedCall, markStderrOf } from "../../diagnose/on-demand.js";
import { nearestName } from "../../errors/did-you-mean.js";
import { isObject, type JsonObject, type RawJson } from "../../jsonrpc/json.js";
import { METHOD_NOT_FOUND, PLUGIN_TERMINATED } from "../../jsonrpc/message.js";
import { callParams } from "../../node/rpc/call-params.js";
import { callNode, callNodeText } from "../../node/rpc/client.js";
import { RpcError } from "../../node/rpc/errors.js";
import { notificationText } from "../../node/rpc/notification-text.js";
import type { NodeAddress } from "../../settings/types.js";
import { identifyNode } from "../../watch/node/identify-node.js";
import { explainUnanswered, UNANSWERED_MS } from "../../watch/node/unanswered-call.js";
import { failureJson, failureLines } from "../report/failure.js";
import { renderFindings } from "../report/findings-lines.js";
import { indentJson } from "../report/json/indent-json.js";
import { sanitize } from "../report/sanitize.js";
import { styleOf } from "../report/style.js";
import { wrapLines } from "../report/wrap.js";

import type { Context, ExitCode } from "./context.js";
import { atNode, oneNodeOf } from "./target-nodes.js";

/**
 * How long to wait, in ms: a plugin's method may take its time, and lightning-cli waits forever.
 */
const CALL_TIMEOUT_MS = 24 * 60 * 60_000;

interface Call {
  readonly node: NodeAddress;
  readonly method: string;
  readonly params: RawJson;
  readonly since: Date;
  readonly stderrMark: ReturnType<typeof markStderrOf>;
  readonly signal: AbortSignal;
}

export async function call(
  context: Context,
  method: string,
  params: readonly string[],
  flags: { readonly keywords?: boolean },
): Promise<ExitCode> {
  const node = await oneNodeOf(context, "call");
  const { stdout, signal } = context.io;
  await atNode(node, () => identifyNode(node, { signal }), context);
  const one: Call = {
    ...{ node, method, params: callParams(params, flags.keywords), signal },
    ...{ since: new Date(), stderrMark: markStderrOf(node) },
  };
  try {
    const text = await atNode(node, () => callWithNotices(context, one));
    const shown = context.flags.json ? text : indentJson(text);
    // On a terminal, control characters are escaped; programs get what the node sent.
    stdout.write(`${stdout.isTTY ? sanitize(shown, { newlines: true }) : shown}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return reportError(context, error, one);
  }
}

/** Makes the call. Prints the plugin's messages and progress to stderr, as lightning-cli does. */
async function callWithNotices(
  { io, flags: { json, quiet } }: Context,
  { node, method, params, signal }: Call,
): Promise<string> {
  const print = (text: string) =>
    void (
      json ||
      quiet ||
      io.stderr.write(`${wrapLines(io.stderr, [sanitize(text)]).join("\n")}\n`)
    );
  const onNotification = (name: string, of: JsonObject) => {
    const text = notificationText(name, of);
    if (text !== undefined) print(`# ${text}`);
  };
  let isAnswered = false;
  const notice = setTimeout(() => {
    void explainUnanswered({ node, method, signal }).then((text) => {
      if (!isAnswered) print(`${text}; Ctrl-C stops waiting`);
    });
  }, UNANSWERED_MS);
  try {
    const options = { timeoutMs: CALL_TIMEOUT_MS, signal, onNotification };
    return await callNodeText(node.rpcFile, method, params, options);
  } finally {
    isAnswered = true;
    clearTimeout(notice);
  }
}

/** Reports the node's error, with why the call killed the plugin or which method was meant. */
async function reportError({ io, flags }: Context, error: RpcError, one: Call): Promise<ExitCode> {
  const diagnosis =
    error.code === PLUGIN_TERMINATED ? await diagnoseTerminatedCall({ ...one, error }) : undefined;
  const near = error.code === METHOD_NOT_FOUND ? await nearMethod(one) : undefined;
  const fix = diagnosis?.fix ?? (near === undefined ? undefined : `Did you mean ${near}?`);
  const { reason, findings = [] } = diagnosis ?? {};
  if (flags.json) {
    const more = { reason, fix, findings };
    io.stderr.write(`${JSON.stringify({ error: { ...failureJson(error), ...more } })}\n`);
    return 1;
  }
  const { paint } = styleOf(io.stderr, flags);
  const lines = [
    ...failureLines(error, paint),
    ...(reason === undefined ? [] : [`  ${sanitize(reason)}`]),
    ...(fix === undefined ? [] : [`  ${paint.magenta(sanitize(fix))}`]),
    ...renderFindings(findings, paint, "  "),
  ];
  io.stderr.write(`${wrapLines(io.stderr, lines).join("\n")}\n`);
  return 1;
}

async function nearMethod({ node, method, signal }: Call): Promise<string | undefined> {
  const answer = await callNode(node.rpcFile, "help", {}, { signal }).catch(() => undefined);
  const list = isObject(answer) && Array.isArray(answer.help) ? answer.help.filter(isObject) : [];
  return nearestName(
    method,
    list.map(({ command }) => String(command).split(" ")[0] ?? ""),
  );
}
