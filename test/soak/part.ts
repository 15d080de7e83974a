/** One part of the soak: what it is given; what it gives is claims that held or did not. */
import type { Lab } from "../lab/lab.js";
import type { LabNode } from "../lab/node.js";
import type { Source } from "../lab/plugins.js";
import type { Claim } from "../lab/report.js";

export interface SoakOptions {
  readonly lab: Lab;
  readonly node: LabNode;
  /** The plugin that starts fastest of those that can be made here. */
  readonly light: Source;
  /** One that has an option and a helper module. */
  readonly script: Source;
  readonly random: Random;
  /** A full run's count, made smaller by `--scale`; at least one. */
  readonly scaled: (full: number) => number;
  readonly say: (text: string) => void;
  /** The arguments of Node for one part again, as JSON. */
  readonly again: (part: string) => readonly string[];
}

export interface SoakPart {
  readonly name: string;
  readonly about: string;
  readonly run: (options: SoakOptions) => Promise<readonly Claim[]>;
}

/** Chance that can be repeated: the same seed, the same run. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to below 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from 0 to below `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  pick<T>(of: readonly [T, ...T[]]): T {
    return of[this.below(of.length)] ?? of[0];
  }
}
