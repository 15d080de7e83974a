/** `notifications`, `batching` and `deprecations`: switches of one connection (lightningd/jsonrpc.c). */

import type { Command } from "../rpc/command.js";
import { bool, readParams, required } from "../rpc/params.js";
import type { BuiltinMethod } from "./builtin-method.js";

export function connectionSwitches(): BuiltinMethod[] {
  return [
    switchMethod("notifications", (command, enable) => {
      if (command.origin !== undefined) command.origin.notificationsEnabled = enable;
    }),
    // There is no database whose writes could be gathered.
    switchMethod("batching", () => {}),
    switchMethod("deprecations", (command, enable) => {
      if (command.origin !== undefined) command.origin.deprecatedEnabled = enable;
    }),
  ];
}

function switchMethod(
  name: string,
  apply: (command: Command, enable: boolean) => void,
): BuiltinMethod {
  return {
    name,
    usage: "enable",
    run: (command) => {
      const { enable } = readParams(command, { enable: required(bool) });
      apply(command, enable);
      return {};
    },
  };
}
