/**
 * Whether a deprecated method may still be used, and what lightningd logs of it (common/deprecation.c,
 * lightningd/lightningd.c complain_deprecated). Used by dispatch.ts, rpc-command-hook.ts and `help`.
 */
import { type Deprecation, stageOf } from "../../plugin/manifest/deprecation.js";
import type { NodeContext } from "../node-context.js";
import type { Command } from "./command.js";

/** May a client see it that does, or does not, want what is deprecated? */
export function isShown(deprecated: Deprecation | undefined, isWanted: boolean): boolean {
  if (deprecated === undefined) return true;
  const stage = stageOf(deprecated);
  return stage === "soon" || (stage !== "removed" && isWanted);
}

/** The same for a plugin's method that a command wants to use: this is logged. */
export function isUsable(node: NodeContext, command: Command, method: string): boolean {
  const owner = node.methods.has(method) ? undefined : node.host.ownerOfMethod(method);
  const found = owner?.manifest?.rpcmethods.find(({ name }) => name === method);
  const deprecated = found?.deprecated;
  if (deprecated === undefined) return true;
  const source = command.origin?.logSource ?? "lightningd";
  const usable = isShown(deprecated, command.wantsDeprecated);
  if (!usable) {
    node.log.add(source, "debug", `Note: disallowing deprecated ${method}`);
  } else if (stageOf(deprecated) === "last") {
    node.log.add(source, "broken", `DEPRECATED API USED ${method} ${command.id}`);
  }
  return usable;
}
