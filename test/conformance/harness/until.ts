/** Waiting for a condition, which is the only waiting that the suite does. */

const POLL_MS = 4;

/**
 * Looks every few ms until something is there.
 * @param look gives undefined or false while it is not
 * @throws Error with `what` in it after the deadline, in ms
 */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  deadlineMs = 10_000,
): Promise<T> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
