/** A chain in memory: its blocks, its unspent outputs, and which transactions it has. */
import { type Block, decodeBlock, FAUCET_SCRIPT, GENESIS } from "./block.js";
import { outpoint, type Transaction } from "./transaction.js";

/** An unspent output. */
export interface Coin {
  readonly sat: bigint;
  readonly script: Buffer;
  readonly height: number;
  readonly isCoinbase: boolean;
}

export interface ChainBlock {
  readonly hash: string;
  readonly height: number;
  readonly time: number;
  readonly raw: Buffer;
}

/** How many blocks it takes until a coinbase may be spent. */
const COINBASE_MATURITY = 100;

export class Chain {
  readonly #blocks: ChainBlock[] = [];
  readonly #coins = new Map<string, Coin>();
  readonly #heights = new Map<string, number>();
  /**
   * Outputs that we can spend ourselves: those of coinbases, and the change of our own payments.
   */
  readonly #faucet = new Set<string>();

  constructor() {
    this.#add(decodeBlock(GENESIS));
  }

  get tip(): ChainBlock {
    const tip = this.#blocks.at(-1);
    if (tip === undefined) throw new Error("a chain has a genesis block");
    return tip;
  }

  blockAt(height: number): ChainBlock | undefined {
    return this.#blocks[height];
  }

  coin(txid: string, vout: number): Coin | undefined {
    return this.#coins.get(outpoint(txid, vout));
  }

  has(txid: string): boolean {
    return this.#heights.has(txid);
  }

  /** Yields the outputs that anyone can spend now, the oldest first. */
  *faucetCoins(): Iterable<{ readonly txid: string; readonly vout: number; readonly coin: Coin }> {
    for (const key of this.#faucet) {
      const coin = this.#coins.get(key);
      const [txid = "", vout = ""] = key.split(":");
      if (coin !== undefined && this.isMature(coin)) yield { txid, vout: Number(vout), coin };
    }
  }

  /** Whether the next block may spend the coin. */
  isMature({ isCoinbase, height }: Coin): boolean {
    return !isCoinbase || this.tip.height + 1 - height >= COINBASE_MATURITY;
  }

  /** Returns the median time of the 11 blocks up to that height (BIP113). */
  medianTime(height = this.tip.height): number {
    const times = this.#blocks.slice(Math.max(0, height - 10), height + 1).map(({ time }) => time);
    return times.sort((a, b) => a - b)[times.length >> 1] ?? 0;
  }

  /** @throws Error if it does not follow the tip */
  append(block: Block): void {
    if (block.previous !== this.tip.hash) {
      throw new Error(`block ${block.hash} does not follow ${this.tip.hash}`);
    }
    this.#add(block);
  }

  #add({ hash, time, transactions, raw }: Block): void {
    const height = this.#blocks.length;
    for (const [index, transaction] of transactions.entries())
      this.#apply(transaction, index === 0, height);
    this.#blocks.push({ hash, height, time, raw });
  }

  #apply({ txid, inputs, outputs }: Transaction, isCoinbase: boolean, height: number): void {
    for (const input of inputs) {
      this.#coins.delete(outpoint(input.txid, input.vout));
      this.#faucet.delete(outpoint(input.txid, input.vout));
    }
    for (const [vout, { sat, script }] of outputs.entries()) {
      const key = outpoint(txid, vout);
      this.#coins.set(key, { sat, script, height, isCoinbase });
      if (script.equals(FAUCET_SCRIPT)) this.#faucet.add(key);
    }
    this.#heights.set(txid, height);
  }
}
