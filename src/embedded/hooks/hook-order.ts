/**
 * The order in which a hook's plugins are called: as they were registered, but for what they demand
 * with `before` and `after` (lightningd/plugin_hook.c plugin_hook_make_ordered). Used by hooks.ts.
 */
import type { ManifestHook } from "../../plugin/manifest/manifest.js";
import type { HostedPlugin } from "../plugins/hosted-plugin.js";
import { pathsMatch } from "../plugins/plugin-paths.js";

export interface Chained {
  readonly plugin: HostedPlugin;
  readonly hook: ManifestHook;
}

/** `stuck`: the plugins whose demands go round in a circle; nothing is ordered then. */
export function orderChain(members: readonly Chained[]): {
  readonly ordered: readonly Chained[];
  readonly stuck: readonly HostedPlugin[];
} {
  const waitsFor = new Map<Chained, Set<Chained>>(members.map((member) => [member, new Set()]));
  for (const member of members) {
    for (const name of member.hook.before) {
      const later = find(members, member, "before", name);
      if (later) waitsFor.get(later)?.add(member);
    }
    for (const name of member.hook.after) {
      const earlier = find(members, member, "after", name);
      if (earlier) waitsFor.get(member)?.add(earlier);
    }
  }
  const ordered: Chained[] = [];
  const left = new Set([...members].sort((a, b) => a.plugin.index - b.plugin.index));
  for (let next = firstFree(left, waitsFor); next; next = firstFree(left, waitsFor)) {
    ordered.push(next);
    left.delete(next);
  }
  return left.size === 0
    ? { ordered, stuck: [] }
    : { ordered: members, stuck: [...left].map(({ plugin }) => plugin) };
}

function firstFree(
  left: ReadonlySet<Chained>,
  waitsFor: ReadonlyMap<Chained, ReadonlySet<Chained>>,
): Chained | undefined {
  return [...left].find((member) => ![...(waitsFor.get(member) ?? [])].some((on) => left.has(on)));
}

function find(
  members: readonly Chained[],
  asking: Chained,
  word: "before" | "after",
  name: string,
): Chained | undefined {
  const found = members.find(({ plugin }) => pathsMatch(plugin.path, name));
  if (found === undefined) {
    asking.plugin.log("debug", `hook ${asking.hook.name} ${word} unknown plugin ${name}`);
  }
  return found;
}
