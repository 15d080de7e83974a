/**
 * `cln-dev emit`: raises a notification or calls a hook on the embedded node, and shows the
 * answers.
 */
import { EMIT_METHOD } from "../../../embedded/methods/emit.js";
import { nearestName } from "../../../errors/did-you-mean.js";
import { Failure, usageFailure } from "../../../errors/failure.js";
import { isObject, parseJson, RawJson } from "../../../jsonrpc/json.js";
import { METHOD_NOT_FOUND } from "../../../jsonrpc/message.js";
import { Token } from "../../../jsonrpc/token.js";
import { callParams } from "../../../node/rpc/call-params.js";
import { callNodeText } from "../../../node/rpc/client.js";
import { RpcError } from "../../../node/rpc/errors.js";
import type { NodeAddress } from "../../../settings/types.js";
import { indentJson } from "../../report/json/indent-json.js";
import { sanitize } from "../../report/sanitize.js";
import { type Paint, styleOf } from "../../report/style.js";
import type { Context, ExitCode } from "../context.js";
import { atNode, oneNodeOf } from "../target-nodes.js";

export interface EmitFlags {
  readonly list?: boolean;
  /** Picks the hook if a notification has the same name; `notification` does the reverse. */
  readonly hook?: boolean;
  readonly notification?: boolean;
}

/** How long to wait, in ms: a plugin may take as long as it likes to answer a hook. */
const TIMEOUT_MS = 24 * 60 * 60_000;
/** How long to wait before reporting the plugins that have not answered, in ms. */
const WAITING_MS = 2_000;

/**
 * Runs `cln-dev emit`.
 * @param values the payload as one JSON object, or changes to the example as `key=value`
 * @param waitingMs how long to wait before reporting the plugins that have not answered
 * @returns 1 if a plugin died or gave an answer that lightningd would not accept, else 0
 */
export async function emit(
  context: Context,
  topic: string | undefined,
  values: readonly string[],
  flags: EmitFlags,
  waitingMs = WAITING_MS,
): Promise<ExitCode> {
  const node = await oneNodeOf(context, "emit");
  if (topic === undefined && !(flags.list ?? false)) {
    throw usageFailure("emit needs a topic", { fix: "cln-dev emit --list shows them all" });
  }
  const isList = flags.list ?? false;
  const params = isList ? new RawJson("{}") : emitParams(topic ?? "", values, flags);
  const notice = setTimeout(() => void showWaiting(node, topic, context), waitingMs);
  const text = await callEmit(node, params, topic, context).finally(() => clearTimeout(notice));
  const { io, flags: global } = context;
  const { paint } = styleOf(io.stdout, global);
  const result = new Token(text);
  const lines = () => (isList ? listLines(result, topic, paint) : raisedLines(result, paint));
  io.stdout.write(`${global.json ? text : lines().join("\n")}\n`);
  return isBad(result) ? 1 : 0;
}

function emitParams(topic: string, values: readonly string[], flags: EmitFlags): RawJson {
  if (flags.hook && flags.notification)
    throw usageFailure("use only one of --hook and --notification");
  const [first] = values;
  const isWhole = first?.trimStart().startsWith("{") ?? false;
  if (isWhole && values.length > 1) throw usageFailure("emit takes one JSON object, or key=value");
  if (isWhole && !isObject(parseJson(first ?? "")))
    throw usageFailure(`the payload is not JSON: ${first}`);
  const members = [`"topic":${JSON.stringify(topic)}`];
  if (isWhole) members.push(`"payload":${first}`);
  else if (first !== undefined) members.push(`"changes":${callParams(values, true).text}`);
  const only = flags.hook ? "hook" : flags.notification ? "notification" : undefined;
  if (only !== undefined) members.push(`"only":"${only}"`);
  return new RawJson(`{${members.join(",")}}`);
}

async function callEmit(
  node: NodeAddress,
  params: RawJson,
  topic: string | undefined,
  context: Context,
): Promise<string> {
  const { io } = context;
  try {
    return await atNode(
      node,
      () =>
        callNodeText(node.rpcFile, EMIT_METHOD, params, {
          timeoutMs: TIMEOUT_MS,
          signal: io.signal,
        }),
      context,
    );
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    if (error.code === METHOD_NOT_FOUND) throw onlyEmbedded(node);
    const topics = await emitTopics(node, io.signal);
    throw unknownTopic(error.message, topic, topics);
  }
}

/** Returns the names of all topics; empty if the node does not answer. */
export async function emitTopics(node: NodeAddress, signal: AbortSignal): Promise<string[]> {
  const topics = await listTopics(node, signal).catch(() => []);
  return topics.map((item) => stringOf(item.member("topic")));
}

async function listTopics({ rpcFile }: NodeAddress, signal: AbortSignal): Promise<Token[]> {
  const options = { timeoutMs: WAITING_MS, signal };
  const listed = await callNodeText(rpcFile, EMIT_METHOD, new RawJson("{}"), options);
  return [...(new Token(listed).member("topics")?.elements ?? [])];
}

/** Shows which plugins have not answered: they may hold the hook, or have lost the request. */
async function showWaiting(
  node: NodeAddress,
  topic: string | undefined,
  { io }: Context,
): Promise<void> {
  try {
    const item = (await listTopics(node, io.signal)).find(
      (each) => each.member("kind")?.is("hook") && each.member("topic")?.is(topic ?? ""),
    );
    const plugins = namesIn(item?.member("waitingFor"));
    if (plugins === "") return;
    io.stderr.write(
      `hook ${sanitize(topic ?? "")}: waiting for ${plugins} to answer (Ctrl-C stops waiting)\n`,
    );
  } catch {
    // The call itself reports any problem with the node.
  }
}

function onlyEmbedded(node: NodeAddress): Failure {
  return new Failure({
    kind: "not-embedded",
    what: `cannot raise events on the node in ${node.lightningDir}`,
    why: "it is a real lightningd; events can be raised only on the embedded node",
    fix: "Use cln-dev watch --embedded, or cln-dev node",
    exitCode: 2,
  });
}

/** Formats all topics, one per line, or one topic with its example payload. */
function listLines(result: Token, only: string | undefined, paint: Paint): string[] {
  const topics = result.member("topics")?.elements ?? [];
  const shown = topics.filter((item) => only === undefined || item.member("topic")?.is(only));
  if (shown.length === 0) {
    const names = topics.map((item) => stringOf(item.member("topic")));
    throw unknownTopic(`unknown topic ${only}`, only, names);
  }
  return shown.map((item) => {
    const kind = sanitize(stringOf(item.member("kind")));
    const plugins = namesIn(item.member("plugins"));
    const name = sanitize(stringOf(item.member("topic"))).padEnd(26);
    const line = `${kind.padEnd(12)}  ${paint.bold(name)}  ${paint.magenta(plugins)}`.trimEnd();
    if (only === undefined) return line;
    return `${line}\n${sanitize(indentJson(item.member("example")?.raw ?? "{}"), { newlines: true })}`;
  });
}

function unknownTopic(what: string, topic: string | undefined, names: readonly string[]): Failure {
  const near = topic === undefined ? undefined : nearestName(topic, names);
  const all = "cln-dev emit --list shows all topics";
  return usageFailure(what, { fix: near === undefined ? all : `Did you mean ${near}? ${all}` });
}

function raisedLines(result: Token, paint: Paint): string[] {
  const topic = sanitize(stringOf(result.member("topic")));
  const [hook, notification] = [result.member("hook"), result.member("notification")];
  const lines: string[] = [];
  if (hook !== undefined) {
    const answers = hook.member("answers")?.elements ?? [];
    for (const answer of answers) lines.push(...answerLines(topic, answer, paint));
    const outcome = answers.length === 0 ? "no plugin wants it" : "the node continues as usual";
    const continued = hook.member("continued")?.bool ?? false;
    if (continued) lines.push(paint.dim(`hook ${topic}: ${outcome}`));
  }
  if (notification !== undefined) {
    const receivers = namesIn(notification.member("receivers"));
    lines.push(
      receivers === ""
        ? paint.dim(`notification ${topic}: no plugin subscribes to it`)
        : `notification ${paint.bold(topic)}: sent to ${paint.magenta(receivers)}`,
    );
  }
  return lines;
}

function answerLines(topic: string, answer: Token, paint: Paint): string[] {
  const plugin = sanitize(stringOf(answer.member("plugin")));
  const head = `hook ${paint.bold(topic)}: ${paint.magenta(plugin)}`;
  const result = answer.member("result");
  const error = answer.member("error");
  if (result !== undefined) {
    const warning = stringOf(answer.member("warning"));
    const shown = sanitize(indentJson(result.raw), { newlines: true });
    return [`${head} answered ${shown}`, ...(warning ? [paint.magenta(sanitize(warning))] : [])];
  }
  if (error === undefined) return [`${head} ${paint.red("died over it")}`];
  const shown = sanitize(indentJson(error.raw), { newlines: true });
  return [
    `${head} ${paint.red("answered with an error")} ${shown}`,
    paint.magenta("lightningd would exit on an error from a hook"),
  ];
}

/** Returns a string in the node's answer, decoded; empty if it is missing. */
function stringOf(token: Token | undefined): string {
  return token === undefined ? "" : String(JSON.parse(token.raw));
}

function namesIn(names: Token | undefined): string {
  return (names?.elements ?? []).map((name) => sanitize(stringOf(name))).join(", ");
}

/** Whether a plugin died or a real node would not accept its answer. */
function isBad(result: Token): boolean {
  const answers = result.member("hook")?.member("answers")?.elements ?? [];
  return answers.some(
    (answer) => answer.member("result") === undefined || answer.member("warning") !== undefined,
  );
}
