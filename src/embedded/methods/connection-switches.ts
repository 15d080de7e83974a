/** `notifications`, `batching` and `deprecations`: switches of one connection (lightningd/jsonrpc.c). */
import { bool, readParams, required } from "../rpc/params.js";
import type { BuiltinMethod } from "./builtin-method.js";

/** Only `notifications` has an effect here. */
export function connectionSwitches(): BuiltinMethod[] {
  return ["notifications", "batching", "deprecations"].map((name) => ({
    name,
    usage: "enable",
    run: (command) => {
      const { enable } = readParams(command, { enable: required(bool) });
      if (name === "notifications" && command.origin !== undefined) {
        command.origin.notificationsEnabled = enable;
      }
      return {};
    },
  }));
}
