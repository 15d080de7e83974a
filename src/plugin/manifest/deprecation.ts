/** Reads the `deprecated` member of an option or method in a manifest. Used by manifest.ts. */
import type { Token } from "../../jsonrpc/token.js";
import { ManifestFault } from "./manifest-fault.js";

/** The lightningd version that deprecates something, and the last one in which it works. */
export interface Deprecation {
  readonly start: string;
  readonly end: string | undefined;
}

/** The version that a bare `true` means: CLN_NEXT_VERSION of lightningd v26.06.6. */
const NEXT_VERSION = "v26.06";

/** How long a deprecation lasts if it names no end, in version numbers: a month is 10. */
const SIX_MONTHS = 60;

/** Reads a `deprecated` member. @throws ManifestFault */
export function readDeprecation(field: Token | undefined): Deprecation | undefined {
  if (field === undefined || field.bool === false) return undefined;
  if (field.bool) return { start: NEXT_VERSION, end: undefined };
  const [start, end] = field.elements;
  if (field.type !== "array" || field.elements.length > 2 || start === undefined) {
    throw new ManifestFault(`"deprecated" must be an array of 1 or 2 elements, not ${field.text}`);
  }
  if (versionNumber(start.text) === 0) {
    throw new ManifestFault(`invalid "deprecated" start version ${start.text}`);
  }
  if (end !== undefined && versionNumber(end.text) === 0) {
    throw new ManifestFault(`invalid "deprecated" end version ${end.text}`);
  }
  return { start: start.text, end: end?.text };
}

/** Whether something deprecated no longer works in this release. */
export function isRemoved(deprecated: Deprecation | undefined): boolean {
  if (deprecated === undefined) return false;
  const { start, end } = deprecated;
  const last = end === undefined ? versionNumber(start) + SIX_MONTHS : versionNumber(end);
  return versionNumber(NEXT_VERSION) > last;
}

/** Returns a number that grows with the version; 0 for an invalid one (common/deprecation.c). */
function versionNumber(version: string): number {
  const match = /^v(\d+)\.(\d+)(?:\.(\d+))?/.exec(version);
  if (match === null) return 0;
  const [year, month, patch] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
  if (year > 99 || month < 1 || month > 12 || patch >= 10) return 0;
  return 1 + year * 120 + month * 10 + patch;
}
