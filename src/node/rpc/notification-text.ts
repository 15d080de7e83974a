/**
 * Formats what a plugin sends while a call runs, `message` and `progress` (lightningd/plugin.c), as
 * one line.
 */
import { isObject, type JsonObject } from "../../jsonrpc/json.js";

/** The levels that are not shown: lightning-cli, too, hides those below `info`. */
const HIDDEN = ["io", "trace", "debug"];

/** Returns `text`, `2/3` or `stage 1/2: 2/3`; undefined if it should not be shown. */
export function notificationText(name: string, params: JsonObject): string | undefined {
  if (name === "message") {
    return HIDDEN.includes(String(params.level)) ? undefined : String(params.message);
  }
  if (name !== "progress") return undefined;
  const step = stepOf(params);
  return isObject(params.stage) ? `stage ${stepOf(params.stage)}: ${step}` : step;
}

/** lightningd counts from 0. */
function stepOf({ num, total }: JsonObject): string {
  return `${Number(num) + 1}/${total}`;
}
