/** The options and the result of raising an event from a program. */
import type { JsonObject } from "../../jsonrpc/json.js";

export interface RaiseOptions {
  /** The whole payload. Default: an example. */
  readonly payload?: JsonObject;
  /** The members of the example to change, by path: `{ "htlc.amount_msat": 1000 }`. */
  readonly changes?: JsonObject;
  /** Which one to raise if a name is both a hook and a notification. Default: both. */
  readonly only?: "hook" | "notification";
}

/** The result of raising an event. `Value` is JSON. */
export type RaisedEvent<Value = unknown> = {
  readonly topic: string;
  readonly hook?: {
    readonly params: Value;
    /**
     * One for each plugin that was asked, in order. `warning`: why lightningd would not accept the
     * result.
     */
    readonly answers: readonly (
      | { readonly plugin: string; readonly result: Value; readonly warning?: string }
      | { readonly plugin: string; readonly error: Value }
      | { readonly plugin: string; readonly died: true }
    )[];
    /** Whether no plugin objected: a real node would go on as if without plugins. */
    readonly continued: boolean;
  };
  readonly notification?: {
    readonly params: Value;
    /** The basenames of the plugins that got it. */
    readonly receivers: readonly string[];
  };
};
