/** Raising events with plain values in and out, for programs. Used by node.ts. */
import { type JsonObject, parseJson, RawJson } from "../../jsonrpc/json.js";
import type { Raised, RaiseOptions } from "./raise.js";

export interface RaiseWishes {
  /** The whole payload; an example when not given. */
  readonly payload?: JsonObject;
  /** Members of the example to be changed, by their path: `{ "htlc.amount_msat": 1000 }`. */
  readonly changes?: JsonObject;
  /** For a name that is both a hook and a notification; both when not given. */
  readonly only?: "hook" | "notification";
}

export interface RaisedEvent {
  readonly topic: string;
  readonly hook?: {
    readonly params: unknown;
    /** One for each plugin that was asked, in their order. `warning`: lightningd would not take the result. */
    readonly answers: readonly (
      | { readonly plugin: string; readonly result: unknown; readonly warning?: string }
      | { readonly plugin: string; readonly error: unknown }
      | { readonly plugin: string; readonly died: true }
    )[];
    /** Nobody objected: a real node would go on as if there were no plugin. */
    readonly continued: boolean;
  };
  readonly notification?: {
    readonly params: unknown;
    /** The basenames of the plugins that got it. */
    readonly receivers: readonly string[];
  };
}

export function fromWishes({ payload, changes, only }: RaiseWishes): RaiseOptions {
  const raw = (value: unknown) => new RawJson(JSON.stringify(value));
  return {
    ...(payload === undefined ? {} : { payload: raw(payload) }),
    ...(changes === undefined
      ? {}
      : { changes: new Map(Object.entries(changes).map(([path, value]) => [path, raw(value)])) }),
    ...(only === undefined ? {} : { only }),
  };
}

export function toEvent({ topic, hook, notification }: Raised): RaisedEvent {
  return {
    topic,
    ...(hook && {
      hook: {
        params: parseJson(hook.params.text),
        continued: hook.continued,
        answers: hook.answers.map((answer) => {
          if ("result" in answer) return { ...answer, result: parseJson(answer.result.text) };
          return "error" in answer ? { ...answer, error: parseJson(answer.error.text) } : answer;
        }),
      },
    }),
    ...(notification && {
      notification: { ...notification, params: parseJson(notification.params.text) },
    }),
  };
}
