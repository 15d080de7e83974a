/**
 * Raises what a real node would raise by itself: a notification, or a call of a hook, with an example
 * payload or one that is given. Used by node.ts for programs, and by methods/emit.ts.
 */
import { RawJson } from "../../jsonrpc/json.js";
import { Token } from "../../jsonrpc/token.js";
import { HOOKS } from "../../plugin/release.js";
import { callHook, pluginsOfHook } from "../hooks/hook-chain.js";
import { isSubscribed } from "../hooks/notifications.js";
import type { NodeContext } from "../node-context.js";
import { type JsonRecord, jsonText } from "../rpc/json-text.js";
import { hookExample, NOTIFICATION_TOPICS, notificationExample } from "./examples.js";
import { type HookVerdict, judgeHookAnswer } from "./judge-hook-answer.js";
import { withChanges } from "./patch-payload.js";

export interface RaiseOptions {
  /** The text of the whole payload; an example when not given. */
  readonly payload?: RawJson;
  /** Members of the example to be changed, by their path: `htlc.amount_msat`. */
  readonly changes?: ReadonlyMap<string, RawJson>;
  /** For a name that is both; both when not given. */
  readonly only?: "hook" | "notification";
}

/** How one plugin answered a hook's call. */
type HookAnswer =
  | {
      readonly plugin: string;
      readonly result: RawJson;
      /** Set where lightningd does not take this result: what it would do, and why. */
      readonly warning?: string;
    }
  | { readonly plugin: string; readonly error: RawJson }
  | { readonly plugin: string; readonly died: true };

export interface Raised {
  readonly topic: string;
  readonly hook?: {
    readonly params: RawJson;
    readonly answers: readonly HookAnswer[];
    /** Nobody objected: a real node would go on as if there were no plugin. */
    readonly continued: boolean;
  };
  readonly notification?: {
    readonly params: RawJson;
    /** The basenames of the plugins that got it. */
    readonly receivers: readonly string[];
  };
}

export interface Raisable {
  readonly topic: string;
  readonly kind: "hook" | "notification";
  readonly example: RawJson;
  /** The basenames of the plugins that would get it. */
  readonly plugins: readonly string[];
  /** Those of them that hold a call of this hook: they have not answered yet. */
  readonly waitingFor: readonly string[];
}

/** Everything that can be raised, with the topics that the node's plugins have announced. */
export function listRaisable(node: NodeContext): readonly Raisable[] {
  const { plugins } = node.host;
  const custom = plugins.flatMap(({ manifest }) => manifest?.notifications ?? []);
  const topics = new Set([...NOTIFICATION_TOPICS, ...custom]);
  const notifications = [...topics].sort().map(
    (topic): Raisable => ({
      topic,
      kind: "notification",
      example: new RawJson(jsonText(notificationExample(topic, node)?.payload ?? {})),
      plugins: plugins.filter((plugin) => isSubscribed(plugin, topic)).map(({ name }) => name),
      waitingFor: [],
    }),
  );
  const hooks = [...HOOKS.keys()].map(
    (topic): Raisable => ({
      topic,
      kind: "hook",
      example: new RawJson(jsonText(hookExample(topic, node))),
      plugins: pluginsOfHook(plugins, topic).map(({ name }) => name),
      waitingFor: [...waitingOf(node)].flatMap(({ hook, plugin }) =>
        hook === topic && plugin !== undefined ? [plugin] : [],
      ),
    }),
  );
  return [...hooks, ...notifications];
}

/** Is there a hook or a notification of that name? */
export function canRaise(node: NodeContext, topic: string): boolean {
  return listRaisable(node).some((item) => item.topic === topic);
}

/**
 * Raises the hook of that name, and then, unless a plugin objected, the notification.
 * @param done called with what came of it; not before every plugin that was asked has answered
 */
export function raise(
  node: NodeContext,
  topic: string,
  options: RaiseOptions,
  done: (raised: Raised) => void,
): void {
  const isNotification = options.only !== "hook" && isNotificationTopic(node, topic);
  const isHook = options.only !== "notification" && HOOKS.has(topic);
  if (!isHook) {
    done({ topic, notification: notify(node, topic, options) });
    return;
  }
  raiseHook(node, topic, options, (hook) => {
    const goesOn = isNotification && hook.continued;
    done({ topic, hook, ...(goesOn ? { notification: notify(node, topic, options) } : {}) });
  });
}

function isNotificationTopic(node: NodeContext, topic: string): boolean {
  return listRaisable(node).some((item) => item.topic === topic && item.kind === "notification");
}

function notify(
  node: NodeContext,
  topic: string,
  options: RaiseOptions,
): NonNullable<Raised["notification"]> {
  const example = notificationExample(topic, node);
  const payload = payloadText(example?.payload ?? {}, options);
  const isCustom = example === undefined || example.origin !== undefined;
  // What another plugin sends, it sends as it likes.
  const isWhole = example === undefined || isWrapped(topic, payload);
  const params = isWhole ? payload : `{${oldForm(example, payload)}"${topic}":${payload}}`;
  const origin = isCustom ? `"origin":${JSON.stringify(example?.origin ?? "cln-dev")},` : "";
  const text = `{"jsonrpc":"2.0","method":${JSON.stringify(topic)},${origin}"params":${params}}\n\n`;
  if (topic === "block_added") reachHeight(node, params);
  const receivers = node.host.notify(topic, () => text);
  return { params: new RawJson(params), receivers: receivers.map(({ name }) => name) };
}

function oldForm(
  { origin, oldName }: { readonly origin?: string; readonly oldName?: string },
  payload: string,
): string {
  if (oldName === undefined) return "";
  const old = oldName === "" ? payload : `{"${oldName}":${payload}}`;
  return `"origin":${JSON.stringify(origin)},"payload":${old},`;
}

/** Is the given payload already under its topic's name? */
function isWrapped(topic: string, payload: string): boolean {
  const { members } = new Token(payload);
  return members.length === 1 && members[0]?.key === topic;
}

/** A block is seen by the node too: its height is in `getinfo`, and ends `waitblockheight`. */
function reachHeight(node: NodeContext, params: string): void {
  const height = new Token(params).member("block_added")?.member("height")?.unsigned;
  if (height !== undefined && height <= 0xffff_ffffn) node.chain.reach(Number(height));
}

function raiseHook(
  node: NodeContext,
  hook: string,
  options: RaiseOptions,
  done: (outcome: NonNullable<Raised["hook"]>) => void,
): void {
  const params = payloadText(hookExample(hook, node), options);
  const answers: HookAnswer[] = [];
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
      const result = answer?.member("result");
      const error = answer?.member("error");
      if (result !== undefined) {
        const warning = warningOf(judgeHookAnswer(hook, result, node.network));
        const known = { plugin, result: new RawJson(result.raw) };
        answers.push(warning === undefined ? known : { ...known, warning });
      } else if (error !== undefined) {
        answers.push({ plugin, error: new RawJson(error.raw) });
      } else answers.push({ plugin, died: true });
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
  /** The basename of the plugin that has been asked and has not answered. */
  plugin: string | undefined;
}

const WAITING = new WeakMap<NodeContext, Set<WaitingHook>>();

function waitingOf(node: NodeContext): Set<WaitingHook> {
  const known = WAITING.get(node) ?? new Set();
  WAITING.set(node, known);
  return known;
}

function warningOf(verdict: HookVerdict): string | undefined {
  switch (verdict.kind) {
    case "continue":
    case "decided":
      return undefined;
    case "ignored":
      return `lightningd ignores this answer: ${verdict.why}`;
    case "fatal":
      return `lightningd ends itself at this answer: ${verdict.why}`;
  }
}

/** What filters are held against: a request's method, or the number of a peer's message. */
function filterValueOf(hook: string, params: string): string | undefined {
  const token = new Token(params);
  if (hook === "rpc_command") return token.member("rpc_command")?.member("method")?.text;
  if (hook !== "custommsg") return undefined;
  const type = Number.parseInt(token.member("payload")?.text.slice(0, 4) ?? "", 16);
  return Number.isNaN(type) ? undefined : String(type);
}

function payloadText(example: JsonRecord, { payload, changes }: RaiseOptions): string {
  if (payload !== undefined) return payload.text;
  return jsonText(changes === undefined ? example : withChanges(example, changes));
}
