/** Releases of lightningd, compared. */
import { EMBEDDED_VERSION } from "../../../src/embedded/node.js";
import { installed } from "../nodes/installed.js";

/** `v23.08.1` as 2308: what a scenario needs is a release, never a point release. */
function numberOf(version: string): number {
  const [, year, month] = /(\d+)\.(\d+)/.exec(version) ?? [];
  return year === undefined ? Number.POSITIVE_INFINITY : Number(year) * 100 + Number(month);
}

/** Is the installed lightningd older than a release? */
export function isBefore(release: string): boolean {
  return installed !== undefined && numberOf(installed.version) < numberOf(release);
}

/** Is it the release that the embedded node follows? */
export function isOurRelease(): boolean {
  return installed !== undefined && numberOf(installed.version) === numberOf(EMBEDDED_VERSION);
}
