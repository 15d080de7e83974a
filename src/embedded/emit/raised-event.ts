/** Raising events as programs ask for it, and what they get to know. */
import type { JsonObject } from "../../jsonrpc/json.js";

export interface RaiseWishes {
  /** The whole payload; an example when not given. */
  readonly payload?: JsonObject;
  /** Members of the example to be changed, by their path: `{ "htlc.amount_msat": 1000 }`. */
  readonly changes?: JsonObject;
  /** For a name that is both a hook and a notification; both when not given. */
  readonly only?: "hook" | "notification";
}

/** What came of it; `Value` is JSON. */
export type RaisedEvent<Value = unknown> = {
  readonly topic: string;
  readonly hook?: {
    readonly params: Value;
    /** One for each plugin that was asked, in their order. `warning`: lightningd would not take the result. */
    readonly answers: readonly (
      | { readonly plugin: string; readonly result: Value; readonly warning?: string }
      | { readonly plugin: string; readonly error: Value }
      | { readonly plugin: string; readonly died: true }
    )[];
    /** Nobody objected: a real node would go on as if there were no plugin. */
    readonly continued: boolean;
  };
  readonly notification?: {
    readonly params: Value;
    /** The basenames of the plugins that got it. */
    readonly receivers: readonly string[];
  };
};
