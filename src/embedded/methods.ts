/** Every method that the embedded node itself has. Used by node.ts. */
import type { BuiltinMethod } from "./builtin-method.js";
import { checkMethod } from "./methods/check.js";
import { connectionSwitches } from "./methods/connection-switches.js";
import { datastoreMethods } from "./methods/datastore.js";
import { emitMethod } from "./methods/emit.js";
import { emptyLists } from "./methods/empty-lists.js";
import { getlogMethod } from "./methods/getlog.js";
import { listconfigsMethod } from "./methods/listconfigs.js";
import { makesecretMethod } from "./methods/makesecret.js";
import { getinfoMethod, helpMethod, stopMethod } from "./methods/node-info.js";
import { pluginMethod } from "./methods/plugin.js";
import { setconfigMethod } from "./methods/setconfig.js";
import { waitblockheightMethod } from "./methods/waitblockheight.js";
import type { NodeContext } from "./node-context.js";

export function builtinMethods(node: NodeContext): ReadonlyMap<string, BuiltinMethod> {
  const methods = [
    checkMethod(node),
    ...connectionSwitches(),
    ...datastoreMethods(node.datastore),
    emitMethod(node),
    ...emptyLists(),
    getinfoMethod(node),
    helpMethod(node),
    getlogMethod(node),
    listconfigsMethod(node),
    makesecretMethod(node),
    setconfigMethod(node),
    waitblockheightMethod(node),
    pluginMethod(node),
    stopMethod(node),
  ];
  return new Map(methods.map((method) => [method.name, method]));
}
