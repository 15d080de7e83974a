/** Compares versions: `v26.06.6`, `v25.09rc2`, `v26.06.6-113-gabcdef0` (commits after a tag). */

/** Returns a number that grows with the version; undefined if the text is not a version. */
function rankOf(version: string): number | undefined {
  const match = /^v?(\d+)\.(\d+)(?:\.(\d+))?(rc\d+)?(-\d+-g)?/.exec(version);
  if (match === null) return undefined;
  const [, year, month, patch, candidate, commits] = match;
  const whole = (Number(year) * 100 + Number(month)) * 100 + Number(patch ?? 0);
  if (candidate !== undefined) return whole - 0.5;
  if (commits === undefined) return whole;
  // Without a patch number, a build of master: newer than all releases of that month.
  return patch === undefined ? whole + 99.5 : whole + 0.5;
}

/** Whether a version is earlier than another. False for an unknown version. */
export function isVersionBefore(version: string, other: string): boolean {
  const [rank, limit] = [rankOf(version), rankOf(other)];
  return rank !== undefined && limit !== undefined && rank < limit;
}

/** Whether a version lies between two others, inclusive. True for an unknown version. */
export function isVersionBetween(version: string, first: string, last: string): boolean {
  const rank = rankOf(version);
  if (rank === undefined) return true;
  return rank >= (rankOf(first) ?? 0) && rank <= (rankOf(last) ?? Number.POSITIVE_INFINITY);
}
