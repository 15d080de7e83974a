/** What the backends of a chain do beside giving out blocks: `settings.json`. */
import { isObject } from "../../jsonrpc/json.js";

export interface ChainSettings {
  /** Blocks that are mined when a transaction comes in; 0: none. */
  readonly automine: number;
  /** What `estimatefees` answers, in sat per 1000 virtual bytes, by number of blocks. */
  readonly feerates: ReadonlyMap<number, number>;
  /** How often the fee rates have been set. */
  readonly feeChanges: number;
}

/** The least that is relayed, in sat per 1000 virtual bytes: 253 sat per 1000 weight. */
export const FEERATE_FLOOR = 1012;

const DEFAULT_SETTINGS: ChainSettings = {
  automine: 0,
  feerates: new Map([
    [2, 7500],
    [6, 5000],
    [12, 3750],
    [100, FEERATE_FLOOR],
  ]),
  feeChanges: 0,
};

export interface SettingsChanges {
  readonly automine?: number;
  readonly feerates?: ReadonlyMap<number, number>;
}

/** @param read what the file holds; undefined where there is none */
export function parseSettings(read: unknown): ChainSettings {
  if (!isObject(read) || !isObject(read.feerates)) return DEFAULT_SETTINGS;
  const feerates = Object.entries(read.feerates).map(
    ([blocks, rate]) => [Number(blocks), Number(rate)] as const,
  );
  return {
    automine: Number(read.automine) || 0,
    feerates: new Map(feerates.sort(([a], [b]) => a - b)),
    feeChanges: Number(read.feeChanges) || 0,
  };
}

export function settingsJson({ feerates, ...others }: ChainSettings): string {
  return JSON.stringify({ ...others, feerates: Object.fromEntries(feerates) });
}

/**
 * Fee rates are added to those that are there, which are moved where a longer wait would cost more:
 * lightningd evens that out itself (chaintopology.c).
 */
export function changedSettings(
  { automine, feerates, feeChanges }: ChainSettings,
  changes: SettingsChanges,
): ChainSettings {
  return {
    automine: changes.automine ?? automine,
    feerates: withFeerates(feerates, changes.feerates ?? new Map()),
    feeChanges: feeChanges + (changes.feerates === undefined ? 0 : 1),
  };
}

function withFeerates(
  before: ReadonlyMap<number, number>,
  given: ReadonlyMap<number, number>,
): ReadonlyMap<number, number> {
  const all = new Map(before);
  for (const [blocks, rate] of given) {
    for (const [other, old] of all) {
      all.set(other, other < blocks ? Math.max(old, rate) : Math.min(old, rate));
    }
    all.set(blocks, rate);
  }
  return all;
}
