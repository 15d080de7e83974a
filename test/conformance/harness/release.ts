/** Releases of lightningd, compared. */
import { EMBEDDED_VERSION } from "../../../src/embedded/node.js";
import { installed } from "../nodes/installed.js";
import { RELEASE_DIFFERENCES } from "../release-differences.js";

/**
 * `v23.08.1` as 230801: year, month, point release; a build of sources behind a release
 * (`v26.06-258-g090f4b0e6`) is later than all of its point releases.
 */
function numberOf(version: string): number {
  const match = /(\d+)\.(\d+)(?:\.(\d+))?(-\d+-g)?/.exec(version);
  if (match === null) return Number.POSITIVE_INFINITY;
  const [, year, month, point = 0, behind] = match;
  const patch = behind === undefined ? Number(point) : 99;
  return Number(year) * 10_000 + Number(month) * 100 + patch;
}

/** Is the installed lightningd older than a release? */
export function isBefore(release: string): boolean {
  return installed !== undefined && numberOf(installed.version) < numberOf(release);
}

function isAfter(release: string): boolean {
  return installed !== undefined && numberOf(installed.version) > numberOf(release);
}

/** Is it the release that the embedded node follows, whatever its point release? */
export function isOurRelease(): boolean {
  if (installed === undefined) return false;
  const [here, ours] = [numberOf(installed.version), numberOf(EMBEDDED_VERSION)];
  return Math.floor(here / 100) === Math.floor(ours / 100) && here % 100 !== 99;
}

/** @returns what the installed lightningd does otherwise there, and since or until when */
export function releaseDifference(title: string): string | undefined {
  const found = RELEASE_DIFFERENCES.find(
    ({ before, after, scenarios }) =>
      scenarios.includes(title) &&
      ((before !== undefined && isBefore(before)) || (after !== undefined && isAfter(after))),
  );
  if (found === undefined) return undefined;
  const range = found.before === undefined ? `after v${found.after}` : `before v${found.before}`;
  return `${range}: ${found.what}`;
}
