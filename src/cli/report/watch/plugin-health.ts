/** Tracks whether the watched plugins are good or bad, for the window title and the bell. */
import { isOutcome } from "../../../events/outcomes.js";
import type { WatchEvent } from "../../../events/watch-events.js";
import type { Marks } from "../style.js";

export class PluginHealth {
  readonly #marks: Marks;
  /** The state of each target. */
  readonly #good = new Map<string, { readonly plugin: string; readonly good: boolean }>();

  constructor(marks: Marks) {
    this.#marks = marks;
  }

  /**
   * Records an event.
   * @returns whether a plugin has gone from good to bad, or back
   */
  take(event: WatchEvent): boolean {
    if (!isOutcome(event) && event.event !== "plugin-died") return false;
    const target = `${event.path} ${event.node}`;
    const good = event.event === "reloaded" || event.event === "unchanged";
    const before = this.#good.get(target)?.good;
    this.#good.set(target, { plugin: event.plugin, good });
    return before !== undefined && before !== good;
  }

  /**
   * The window title, such as `✗ hello.py`: the bad plugins, or all if none is bad. Undefined
   * before the first outcome.
   */
  get title(): string | undefined {
    const all = [...this.#good.values()];
    if (all.length === 0) return undefined;
    const bad = all.filter(({ good }) => !good);
    const { good, bad: cross } = this.#marks;
    const names = new Set((bad.length > 0 ? bad : all).map(({ plugin }) => plugin));
    return `${bad.length > 0 ? cross : good} ${[...names].join(", ")}`;
  }
}
