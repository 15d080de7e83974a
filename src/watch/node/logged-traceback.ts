/**
 * Tracebacks that a plugin logs and survives: pyln-client logs one for every exception in a method,
 * a hook or a subscription, at level info. Nobody wants an exception, so the watch shows it
 * whatever the log level.
 */
import type { Finding } from "../../events/watch-events.js";
import { inspectPluginFile } from "../../plugin/file/plugin-file.js";

const TRACEBACK = /^Traceback \(most recent call last\):$/m;
/** The exception that a pyln-client method raises to answer with an error on purpose. */
const ON_PURPOSE = /^(?:\w+\.)*RpcException: /m;

/** Whether a logged message is a traceback. */
export function isTraceback(text: string): boolean {
  return TRACEBACK.test(text);
}

/** Whether a logged message is the traceback of an exception that was not raised on purpose. */
export function isMishap(text: string): boolean {
  return isTraceback(text) && !ON_PURPOSE.test(text);
}

/**
 * Parses a logged traceback, and separates the plugin's own frames from those of its libraries.
 * @param paths the plugins that may have logged it: those with the file name in the log
 * @returns undefined if it cannot be parsed
 */
export async function tracebackFindings(
  text: string,
  paths: readonly string[],
): Promise<readonly Finding[] | undefined> {
  const { markOwnFrames, ownTrace } = await import("../../diagnose/offline-run.js");
  const { traceFindings } = await import("../../diagnose/findings.js");
  const files = await Promise.all(
    paths.map((path) => inspectPluginFile(path).catch(() => undefined)),
  );
  const traces = files.flatMap((file) => (file && markOwnFrames(file, text)) ?? []);
  // Without own frames (as for parameters that a method does not take) the last one is enough.
  const foreign = traces[0] && { ...traces[0], frames: traces[0].frames.slice(-1) };
  const trace = ownTrace(traces) ?? foreign;
  return trace && traceFindings(trace);
}
