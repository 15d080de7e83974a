/** Waiting for a condition: never for a time. */

/** How long a condition may take on a slow and busy machine, in ms. */
export const DEADLINE_MS = 30_000;
const LOOK_MS = 5;

/** Waits until `look` gives something other than undefined, null or false, and gives that. */
export async function until<T>(
  what: string,
  look: () => T | undefined | null | false | Promise<T | undefined | null | false>,
): Promise<T> {
  const end = Date.now() + DEADLINE_MS;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== null && seen !== false) return seen;
    if (Date.now() > end) throw new Error(`waited ${DEADLINE_MS / 1000} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
