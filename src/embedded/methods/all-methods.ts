/** All built-in methods of the embedded node. Used by node.ts. */
import type { NodeContext } from "../node-context.js";
import type { BuiltinMethod } from "./builtin-method.js";
import { checkMethod } from "./check.js";
import { configMethods } from "./configs.js";
import { datastoreMethods } from "./datastore.js";
import { emitMethod } from "./emit.js";
import { emptyLists } from "./empty-lists.js";
import { getlogMethod } from "./getlog.js";
import { nodeMethods } from "./node-info.js";
import { pluginMethod } from "./plugin.js";

export function builtinMethods(node: NodeContext): ReadonlyMap<string, BuiltinMethod> {
  const methods = [
    checkMethod(node),
    ...configMethods(node),
    ...datastoreMethods(node.datastore),
    emitMethod(node),
    ...emptyLists(),
    getlogMethod(node),
    ...nodeMethods(node),
    pluginMethod(node),
  ];
  return new Map(methods.map((method) => [method.name, method]));
}
