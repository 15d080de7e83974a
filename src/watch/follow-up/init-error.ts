/**
 * Reports a plugin that runs although its `init` failed: the node accepts an error as an answer,
 * and lists the plugin as active. The embedded node of this process passes the answer on. A real
 * node does not show it, so a traceback that was logged during the start is used instead
 * (pyln-client logs one for each exception).
 */
import { diagnoseInitError } from "../../diagnose/on-demand.js";
import type { Emit } from "../../events/watch-events.js";
import { isObject, type JsonObject, parseJson } from "../../jsonrpc/json.js";
import type { Reloader } from "../reload/reloader.js";

/** Matches the id of the request, on lightningd or the embedded node: `cli:plugin#1/cln:init#2`. */
const INIT_ID = /"cln:init#|\/cln:init#/;

/** Returns the error in an answer to `init`. @param message JSON text from a plugin to the node */
export function initErrorOf(message: string): JsonObject | undefined {
  if (!INIT_ID.test(message)) return undefined;
  const answer = parseJson(message);
  if (!isObject(answer) || answer.error === undefined || answer.error === null) return undefined;
  const { error } = answer;
  return isObject(error) ? error : { message: JSON.stringify(error) };
}

/**
 * Explains why the `init` of a plugin failed that the node nevertheless lists as active.
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
