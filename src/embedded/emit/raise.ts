/**
 * Raises notifications and hook calls, which a real node would raise by itself, with an example
 * payload or a given one. Used by node.ts for programs, and by methods/emit.ts.
 */
import { RawJson } from "../../jsonrpc/json.js";
import { Token } from "../../jsonrpc/token.js";
import { HOOKS } from "../../plugin/release.js";
import { callHook, pluginsOfHook } from "../hooks/hook-chain.js";
import { isSubscribed } from "../hooks/notifications.js";
import type { NodeContext } from "../node-context.js";
import { type JsonRecord, jsonText } from "../rpc/json-text.js";
import { hookExample, NOTIFICATION_TOPICS, notificationExample, withChange } from "./examples.js";
import { type HookVerdict, judgeHookAnswer } from "./judge-hook-answer.js";
import type { RaisedEvent } from "./raised-event.js";

export interface RawRaiseOptions {
  /** The whole payload, as JSON text. Default: an example. */
  readonly payload?: RawJson;
  /** The members of the example to change, by path: `htlc.amount_msat`. */
  readonly changes: ReadonlyMap<string, RawJson>;
  /** Which one to raise if a name is both. Default: both. */
  readonly only?: "hook" | "notification";
}

type Raised = RaisedEvent<RawJson>;
type HookOutcome = NonNullable<Raised["hook"]>;

type Raisable = {
  readonly topic: string;
  readonly kind: "hook" | "notification";
  readonly example: RawJson;
  /** The basenames of the plugins that would get it. */
  readonly plugins: readonly string[];
  /** The plugins that have not answered a call of this hook yet. */
  readonly waitingFor: readonly string[];
};

/** Returns everything that can be raised, including topics announced by the node's plugins. */
export function listRaisable(node: NodeContext): readonly Raisable[] {
  const { plugins } = node.host;
  const notifications = [...notificationTopics(node)].sort().map((topic) => ({
    topic,
    kind: "notification" as const,
    example: new RawJson(jsonText(notificationExample(topic, node)?.payload ?? {})),
    plugins: plugins.filter((plugin) => isSubscribed(plugin, topic)).map(({ name }) => name),
    waitingFor: [],
  }));
  const hooks = [...HOOKS.keys()].map((topic) => ({
    topic,
    kind: "hook" as const,
    example: new RawJson(jsonText(hookExample(topic, node))),
    plugins: pluginsOfHook(plugins, topic).map(({ name }) => name),
    waitingFor: [...waitingOf(node)].flatMap(({ hook, plugin }) =>
      hook === topic && plugin !== undefined ? [plugin] : [],
    ),
  }));
  return [...hooks, ...notifications];
}

/** Whether there is a hook or a notification with that name. */
export function canRaise(node: NodeContext, topic: string): boolean {
  return HOOKS.has(topic) || notificationTopics(node).has(topic);
}

/** The notifications of lightningd and of the node's plugins. */
function notificationTopics(node: NodeContext): ReadonlySet<string> {
  const custom = node.host.plugins.flatMap(({ manifest }) => manifest?.notifications ?? []);
  return new Set([...NOTIFICATION_TOPICS, ...custom]);
}

/**
 * Raises the hook with that name, then the notification unless a plugin objected.
 * @param done called with the result when every plugin that was asked has answered
 */
export function raise(
  node: NodeContext,
  topic: string,
  options: RawRaiseOptions,
  done: (raised: Raised) => void,
): void {
  const { only } = options;
  if (only === "notification" || !HOOKS.has(topic)) {
    done({ topic, notification: notify(node, topic, options) });
    return;
  }
  const isNotification = only !== "hook" && notificationTopics(node).has(topic);
  raiseHook(node, topic, options, (hook) => {
    const goesOn = isNotification && hook.continued;
    done({ topic, hook, ...(goesOn ? { notification: notify(node, topic, options) } : {}) });
  });
}

function notify(
  node: NodeContext,
  topic: string,
  options: RawRaiseOptions,
): NonNullable<Raised["notification"]> {
  const example = notificationExample(topic, node);
  const payload = payloadText(example?.payload ?? {}, options);
  const { members } = new Token(payload);
  // A payload may already be under its topic's name. Plugins send their own topics in any form.
  const isWhole = example === undefined || (members.length === 1 && members[0]?.key === topic);
  const origin = JSON.stringify(example?.origin ?? "cln-dev");
  let old = "";
  if (example?.oldName !== undefined) {
    const inner = example.oldName === "" ? payload : `{"${example.oldName}":${payload}}`;
    old = `"origin":${origin},"payload":${inner},`;
  }
  const params = isWhole ? payload : `{${old}"${topic}":${payload}}`;
  const sender = example !== undefined && !example.origin ? "" : `"origin":${origin},`;
  const text = `{"jsonrpc":"2.0","method":${JSON.stringify(topic)},${sender}"params":${params}}\n\n`;
  if (topic === "block_added") reachHeight(node, params);
  const receivers = node.host.notify(topic, () => text);
  return { params: new RawJson(params), receivers: receivers.map(({ name }) => name) };
}

/** Updates the node's own height, for `getinfo` and `waitblockheight`. */
function reachHeight(node: NodeContext, params: string): void {
  const height = new Token(params).member("block_added")?.member("height")?.unsigned;
  if (height !== undefined && height <= 0xffff_ffffn) node.chain.reach(Number(height));
}

function raiseHook(
  node: NodeContext,
  hook: string,
  options: RawRaiseOptions,
  done: (outcome: HookOutcome) => void,
): void {
  const params = payloadText(hookExample(hook, node), options);
  const answers: HookOutcome["answers"][number][] = [];
  const waiting = waitingOf(node);
  const call: WaitingHook = { hook, plugin: undefined };
  waiting.add(call);
  const finish = (continued: boolean) => {
    waiting.delete(call);
    done({ params: new RawJson(params), answers, continued });
  };
  callHook(node.host.plugins, node.log, {
    hook,
    filterValue: filterValueOf(hook, params),
    callerId: undefined,
    params,
    onAsk: (plugin) => {
      call.plugin = plugin.name;
    },
    onAnswer: ({ name: plugin }, answer) => {
      call.plugin = undefined;
      const [result, error] = [answer?.member("result"), answer?.member("error")];
      if (result !== undefined) {
        const warning = warningOf(judgeHookAnswer(hook, result, node.network));
        answers.push({ plugin, result: new RawJson(result.raw), ...warning });
      } else if (error !== undefined) answers.push({ plugin, error: new RawJson(error.raw) });
      else answers.push({ plugin, died: true });
    },
    onResult: (result) => {
      const { kind } = judgeHookAnswer(hook, result, node.network);
      const goesOn = kind === "continue" || kind === "ignored";
      if (!goesOn) finish(false);
      return goesOn;
    },
    onDone: () => finish(true),
  });
}

interface WaitingHook {
  readonly hook: string;
  /** The basename of the plugin that has not answered yet. */
  plugin: string | undefined;
}

const WAITING = new WeakMap<NodeContext, Set<WaitingHook>>();

function waitingOf(node: NodeContext): Set<WaitingHook> {
  const known = WAITING.get(node) ?? new Set();
  WAITING.set(node, known);
  return known;
}

function warningOf(verdict: HookVerdict): { readonly warning?: string } {
  if (!("why" in verdict)) return {};
  const does = verdict.kind === "ignored" ? "ignore this answer" : "exit on this answer";
  return { warning: `lightningd would ${does}: ${verdict.why}` };
}

/** Returns what to match filters against: a request's method, or a peer message's number. */
function filterValueOf(hook: string, params: string): string | undefined {
  const token = new Token(params);
  if (hook === "rpc_command") return token.member("rpc_command")?.member("method")?.text;
  if (hook !== "custommsg") return undefined;
  const type = Number.parseInt(token.member("payload")?.text.slice(0, 4) ?? "", 16);
  return Number.isNaN(type) ? undefined : String(type);
}

function payloadText(example: JsonRecord, { payload, changes }: RawRaiseOptions): string {
  if (payload !== undefined) return payload.text;
  let changed = example;
  for (const [path, value] of changes) changed = withChange(changed, path.split("."), value);
  return jsonText(changed);
}
