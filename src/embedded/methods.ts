/** Every method that the embedded node itself has. Used by node.ts. */
import type { BuiltinMethod } from "./builtin-method.js";
import { checkMethod } from "./methods/check.js";
import { connectionSwitches } from "./methods/connection-switches.js";
import { listconfigsMethod } from "./methods/listconfigs.js";
import { getinfoMethod, helpMethod, stopMethod } from "./methods/node-info.js";
import { pluginMethod } from "./methods/plugin.js";
import type { NodeContext } from "./node-context.js";

export function builtinMethods(node: NodeContext): ReadonlyMap<string, BuiltinMethod> {
  const methods = [
    checkMethod(node),
    ...connectionSwitches(),
    getinfoMethod(node),
    helpMethod(node),
    listconfigsMethod(node),
    pluginMethod(node),
    stopMethod(node),
  ];
  return new Map(methods.map((method) => [method.name, method]));
}
