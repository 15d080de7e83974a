/** How two versions of a plugin differ for its users: names with their kind. */

export interface Changes {
  /** Such as `method hello`, `option foo_opt`, `hook peer_connected`. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** With what changed in it: `option foo_opt (int, was string)`. */
  readonly changed: readonly string[];
}

/** Things of one kind, by name, each with its description. */
export type Described = ReadonlyMap<string, string>;

/** Compares two sets of things of one kind. @param kind precedes each name */
export function changesIn(kind: string, before: Described, after: Described): Changes {
  const names = (from: Described, without: Described) =>
    [...from.keys()].filter((name) => !without.has(name)).map((name) => `${kind} ${name}`);
  const changed = [...after].flatMap(([name, now]) => {
    const was = before.get(name);
    return was === undefined || was === now
      ? []
      : [`${kind} ${name} (${shown(now)}, was ${shown(was)})`];
  });
  return { added: names(after, before), removed: names(before, after), changed };
}

/** Joins the changes of several kinds. */
export function joinChanges(parts: readonly Changes[]): Changes {
  return {
    added: parts.flatMap(({ added }) => added),
    removed: parts.flatMap(({ removed }) => removed),
    changed: parts.flatMap(({ changed }) => changed),
  };
}

export function hasChanges({ added, removed, changed }: Changes): boolean {
  return added.length + removed.length + changed.length > 0;
}

function shown(words: string): string {
  return words === "" ? "nothing" : words;
}
