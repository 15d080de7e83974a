/**
 * Reports a plugin that runs although its `init` failed: the node accepts an error as an answer,
 * and lists the plugin as active. The embedded node of this process passes the answer on; a real
 * node does not show it, so a traceback that was logged during the start stands in for it
 * (pyln-client logs one for each exception).
 */
import { diagnoseInitError } from "../../diagnose/on-demand.js";
import type { Emit } from "../../events/watch-events.js";
import { isObject, type JsonObject, parseJson } from "../../jsonrpc/json.js";
import type { Reloader } from "../reload/reloader.js";

/** The id of the request, on lightningd and the embedded node: `cli:plugin#1/cln:init#2`. */
const INIT_ID = /"cln:init#|\/cln:init#/;

/** Finds the error in an answer to `init`. @param message from a plugin to the node, JSON text */
export function initErrorOf(message: string): JsonObject | undefined {
  if (!INIT_ID.test(message)) return undefined;
  const answer = parseJson(message);
  if (!isObject(answer) || answer.error === undefined || answer.error === null) return undefined;
  const { error } = answer;
  return isObject(error) ? error : { message: JSON.stringify(error) };
}

/**
 * Explains a failed `init` of a plugin that the node lists as active.
 * @param error the `error` member of the answer
 * @param logged what the plugin logged during the start
 */
export async function reportInitError(
  reloader: Reloader,
  error: JsonObject,
  logged: string,
  emit: Emit,
): Promise<void> {
  const { state, target, stderr } = reloader;
  if (state.is !== "running" || state.started === undefined) return;
  const diagnosis = await diagnoseInitError(state.started, { error, logged }, stderr);
  const { code, message } = error;
  emit({
    event: "explained",
    ...target.name,
    code: typeof code === "number" ? code : undefined,
    message: typeof message === "string" ? message : JSON.stringify(error),
    ...diagnosis,
  });
}
