/** Every method that the embedded node itself has. Used by node.ts. */

import type { NodeContext } from "../node-context.js";
import type { BuiltinMethod } from "./builtin-method.js";
import { checkMethod } from "./check.js";
import { connectionSwitches } from "./connection-switches.js";
import { datastoreMethods } from "./datastore.js";
import { emitMethod } from "./emit.js";
import { emptyLists } from "./empty-lists.js";
import { getlogMethod } from "./getlog.js";
import { listconfigsMethod } from "./listconfigs.js";
import {
  getchaininfoMethod,
  getinfoMethod,
  helpMethod,
  makesecretMethod,
  stopMethod,
  waitblockheightMethod,
} from "./node-info.js";
import { pluginMethod } from "./plugin.js";
import { setconfigMethod } from "./setconfig.js";

export function builtinMethods(node: NodeContext): ReadonlyMap<string, BuiltinMethod> {
  const methods = [
    checkMethod(node),
    ...connectionSwitches(),
    ...datastoreMethods(node.datastore),
    emitMethod(node),
    ...emptyLists(),
    getinfoMethod(node),
    getchaininfoMethod(node),
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
