/** What the backends of a chain do beside giving out blocks: `settings.json`. */
import { isObject } from "../../jsonrpc/json.js";

/** In sat per 1000 virtual bytes, by number of blocks. */
export interface Feerates {
  readonly [blocks: string]: number;
}

export interface ChainSettings {
  /** Blocks that are mined when a transaction comes in; 0: none. */
  readonly automine: number;
  /** What `estimatefees` answers. */
  readonly feerates: Feerates;
  /** How often the fee rates have been set. */
  readonly feeChanges: number;
}

/** The least that is relayed, in sat per 1000 virtual bytes: 253 sat per 1000 weight. */
export const FEERATE_FLOOR = 1012;

const DEFAULT_SETTINGS: ChainSettings = {
  automine: 0,
  feerates: { 2: 7500, 6: 5000, 12: 3750, 100: FEERATE_FLOOR },
  feeChanges: 0,
};

/** @param read what the file holds; undefined if there is none */
export function parseSettings(read: unknown): ChainSettings {
  if (!isObject(read) || !isObject(read.feerates)) return DEFAULT_SETTINGS;
  const { automine, feerates, feeChanges } = read;
  return {
    automine: Number(automine) || 0,
    feerates: Object.fromEntries(
      Object.entries(feerates).map(([blocks, rate]) => [blocks, Number(rate)]),
    ),
    feeChanges: Number(feeChanges) || 0,
  };
}

/** With more rates. Old ones are moved if a longer wait would cost more, as lightningd does (chaintopology.c). */
export function withFeerates(before: Feerates, given: Feerates): Feerates {
  const all: Record<string, number> = { ...before };
  for (const [blocks, rate] of Object.entries(given)) {
    for (const [other, old] of Object.entries(all)) {
      all[other] = Number(other) < Number(blocks) ? Math.max(old, rate) : Math.min(old, rate);
    }
    all[blocks] = rate;
  }
  return all;
}
