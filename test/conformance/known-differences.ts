/**
 * Where the embedded node answers otherwise than lightningd, and is meant to. The one place for it:
 * any other difference fails the suite, and so does one listed here that is not seen.
 */

interface KnownDifference {
  /** `topic: scenario`. */
  readonly scenario: string;
  /** The field of the observation; also stands for all below it. */
  readonly path: string;
  readonly reason: string;
}

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [];
