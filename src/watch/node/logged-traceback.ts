/**
 * Tracebacks that a plugin logs and survives: pyln-client logs one for every exception in a method,
 * a hook or a subscription, at level info. An exception is never wanted, so the watch shows it at
 * any log level.
 */
import type { Finding } from "../../events/watch-events.js";
import { inspectPluginFile } from "../../plugin/file/plugin-file.js";

const TRACEBACK = /^Traceback \(most recent call last\):$/m;
/** How a method of pyln-client answers with an error on purpose. */
const ON_PURPOSE = /^(?:\w+\.)*RpcException: /m;

/** Whether a logged message is a traceback. */
export function isTraceback(text: string): boolean {
  return TRACEBACK.test(text);
}

/** Whether it is from an exception that was not raised on purpose. */
export function isMishap(text: string): boolean {
  return isTraceback(text) && !ON_PURPOSE.test(text);
}

/**
 * Reads such a message, and separates the plugin's own lines from those of its libraries.
 * @param paths the plugins that may have logged it: those with the file name that the node gives
 * @returns undefined if it cannot be read after all
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
  // Raised in a library, as for parameters that a method does not take: its own frames say nothing.
  const foreign = traces[0] && { ...traces[0], frames: traces[0].frames.slice(-1) };
  const trace = ownTrace(traces) ?? foreign;
  return trace && traceFindings(trace);
}
