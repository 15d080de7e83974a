/** "Did you mean ...?": for misspelt plugins, options, keys, networks and methods. */

/** Returns the nearest name, or undefined if none is near. */
export function nearestName(wanted: string, names: Iterable<string>): string | undefined {
  return nearNames(wanted, names, 1)[0];
}

/**
 * Finds names that are similar to a misspelt one.
 * @param limit the most names to return
 * @returns the nearest names first; empty if none is near
 */
export function nearNames(wanted: string, names: Iterable<string>, limit = 3): string[] {
  const near: { name: string; distance: number }[] = [];
  for (const name of new Set(names)) {
    const distance = distanceBetween(wanted, name);
    if (distance <= allowed(wanted)) near.push({ name, distance });
  }
  near.sort((a, b) => a.distance - b.distance || a.name.localeCompare(b.name));
  return near.slice(0, limit).map(({ name }) => name);
}

/** Counts typos. Other punctuation or case counts as half a typo; a missing end as one. */
function distanceBetween(wanted: string, name: string): number {
  if (letters(wanted) === letters(name)) return 0.5;
  const shorter = wanted.length < name.length ? wanted : name;
  if (shorter.length >= 3 && wanted.startsWith(shorter) && name.startsWith(shorter)) return 1;
  return editDistance(wanted.toLowerCase(), name.toLowerCase());
}

function allowed(wanted: string): number {
  return Math.max(1, Math.floor(wanted.length / 3));
}

function letters(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}

/**
 * Counts insertions, deletions, replacements, and swaps of two neighbours (optimal string
 * alignment).
 */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let best = Math.min(
        at(previous, column) + 1,
        at(current, column - 1) + 1,
        at(previous, column - 1) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        best = Math.min(best, at(before, column - 2) + 1);
      }
      current.push(best);
    }
    before = previous;
    previous = current;
  }
  return at(previous, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
