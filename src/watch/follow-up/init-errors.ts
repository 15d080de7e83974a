/**
 * Tells of plugins that the node counts as started although they answered `init` with an error. Used
 * by init-look.ts in a session, and by reload-once.ts.
 */

import { diagnoseInitError, type Started } from "../../diagnose/on-demand.js";
import { redactEvent } from "../../events/redact.js";
import type { Emit } from "../../events/watch-events.js";
import type { RingOptions } from "../../node/log/getlog-stream.js";
import { readInitErrors } from "../../node/log/init-reply.js";
import { concealing } from "../../plugin/secret-options.js";
import type { Reloader } from "../reload/reloader.js";

/** The start that the plugin now runs by, where it was ours. */
export function startedOf({ state }: Reloader): Started | undefined {
  return state.is === "running" ? state.started : undefined;
}

/**
 * @param reloaders all on the same node
 * @throws NodeUnreachable the node did not tell
 */
export async function tellInitErrors(
  reloaders: readonly Reloader[],
  emit: Emit,
  options: RingOptions,
): Promise<void> {
  const starts = reloaders.flatMap((reloader) => {
    const started = startedOf(reloader);
    return started === undefined ? [] : [{ reloader, started }];
  });
  const [first] = starts;
  if (first === undefined) return;
  const { rpcFile } = first.started.target.node;
  const paths = starts.map(({ started }) => started.file.realPath);
  const errors = await readInitErrors(rpcFile, paths, options);
  for (const { reloader, started } of starts) {
    const error = errors.get(started.file.realPath);
    // Meanwhile another version may run.
    if (error === undefined || startedOf(reloader) !== started) continue;
    const diagnosis = await diagnoseInitError(started, error, reloader.stderr);
    const { code, message } = error.error;
    const event = {
      event: "explained",
      ...reloader.target.name,
      code: typeof code === "number" ? code : undefined,
      message: typeof message === "string" ? message : JSON.stringify(error.error),
      ...diagnosis,
    } as const;
    emit(redactEvent(event, concealing(reloader.options)));
  }
}
