/** Raising events from a program, and the results. */
import type { JsonObject } from "../../jsonrpc/json.js";

export interface RaiseWishes {
  /** The whole payload. Default: an example. */
  readonly payload?: JsonObject;
  /** Members of the example to change, by their path: `{ "htlc.amount_msat": 1000 }`. */
  readonly changes?: JsonObject;
  /** Picks one if a name is both a hook and a notification. Default: both. */
  readonly only?: "hook" | "notification";
}

/** The result; `Value` is JSON. */
export type RaisedEvent<Value = unknown> = {
  readonly topic: string;
  readonly hook?: {
    readonly params: Value;
    /**
     * One for each plugin that was asked, in order. `warning`: lightningd would not accept the
     * result.
     */
    readonly answers: readonly (
      | { readonly plugin: string; readonly result: Value; readonly warning?: string }
      | { readonly plugin: string; readonly error: Value }
      | { readonly plugin: string; readonly died: true }
    )[];
    /** No plugin objected: a real node would go on as without plugins. */
    readonly continued: boolean;
  };
  readonly notification?: {
    readonly params: Value;
    /** The basenames of the plugins that got it. */
    readonly receivers: readonly string[];
  };
};
