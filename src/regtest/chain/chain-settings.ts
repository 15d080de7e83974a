/**
 * The settings of a chain's backends, in `settings.json`: fee rates, and mining on transactions.
 */
import { isObject } from "../../jsonrpc/json.js";

/** Fee rates in sat per 1000 virtual bytes, by number of blocks. */
export interface Feerates {
  readonly [blocks: string]: number;
}

export interface ChainSettings {
  /** How many blocks to mine when a transaction arrives; 0: none. */
  readonly automine: number;
  /** What `estimatefees` answers. */
  readonly feerates: Feerates;
  /** How many times the fee rates have been set. */
  readonly feeChanges: number;
}

/** The lowest fee rate that is relayed, in sat per 1000 virtual bytes: 253 sat per 1000 weight. */
export const FEERATE_FLOOR = 1012;

const DEFAULT_SETTINGS: ChainSettings = {
  automine: 0,
  feerates: { 2: 7500, 6: 5000, 12: 3750, 100: FEERATE_FLOOR },
  feeChanges: 0,
};

/**
 * Parses `settings.json` of the chain.
 * @param read the content of the file; undefined if there is none
 */
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

/**
 * Merges fee rates. Adjusts old ones so that a longer wait never costs more, as lightningd does
 * (chaintopology.c).
 */
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
