/**
 * A plugin file that a linker or an editor still has open for writing cannot be started (ETXTBSY), and
 * no event tells of its end: the start is tried again.
 */

/** Between two tries. */
export const BUSY_RETRY_MS = 10;
/** After this it is told as a failure. */
export const BUSY_MAX_MS = 5_000;

/** Whether a start has failed by that. @param message the node's, or that of an offline run */
export function isFileBusy(message: string): boolean {
  return message.includes("Text file busy");
}
