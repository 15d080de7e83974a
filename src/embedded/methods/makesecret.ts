/** `makesecret`: a secret of the node for a purpose (lightningd/hsm_control.c). */

import type { NodeContext } from "../node-context.js";
import { optional, readHex, readParams, text } from "../rpc/params.js";
import { CheckPassed, invalidParams } from "../rpc/rpc-fault.js";
import type { BuiltinMethod } from "./builtin-method.js";

export function makesecretMethod(node: NodeContext): BuiltinMethod {
  return {
    name: "makesecret",
    usage: "[hex] [string]",
    run: (command) => {
      const { hex, string } = readParams(
        command,
        { hex: optional(readHex), string: optional(text) },
        { checksFurther: true },
      );
      if (hex !== undefined && string !== undefined) {
        throw invalidParams("Cannot have both hex and string");
      }
      const info = string === undefined ? hex : Buffer.from(string);
      if (info === undefined) throw invalidParams("Must have either hex or string");
      if (command.checking) throw new CheckPassed();
      return { secret: node.identity.makeSecret(info).toString("hex") };
    },
  };
}
