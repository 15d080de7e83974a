/** `check`: checks whether a command accepts its parameters (lightningd/jsonrpc.c json_check). */
import type { NodeContext } from "../node-context.js";
import { readParams, required, text } from "../rpc/params.js";
import { forward, hasMethod, unknownMethod } from "../rpc/run-method.js";
import type { BuiltinMethod } from "./builtin-method.js";

export function checkMethod(node: NodeContext): BuiltinMethod {
  return {
    name: "check",
    usage: "command_to_check",
    run: (command) => {
      const { command_to_check: name } = readParams(
        command,
        {
          command_to_check: required((token) => {
            if (!hasMethod(node, token.text)) throw unknownMethod(token.text);
            // From here on, errors name that command.
            command.name = token.text;
            return text(token);
          }),
        },
        { extra: true },
      );
      command.checking = true;
      const builtin = node.methods.get(name);
      if (builtin !== undefined) {
        command.params = command.params.without("command_to_check");
        return builtin.run(command);
      }
      const plugin = node.host.ownerOfMethod(name);
      if (plugin?.manifest?.cancheck) {
        forward(plugin, command, "check");
        return undefined;
      }
      plugin?.log(
        "unusual",
        `Plugin does not support check command for ${name} (id ${command.id})`,
      );
      return { command_to_check: name };
    },
  };
}
