/**
 * What bitcoind's mempool accepts, refuses and replaces. Scripts and signatures are not checked.
 */
import type { Chain, Coin } from "./chain.js";
import { outpoint, type Transaction } from "./transaction.js";

/** The mempool with the transaction, or bitcoind's reason to refuse it. */
export type Acceptance = { readonly pool: readonly Transaction[] } | { readonly refusal: string };

/**
 * Checks a transaction against chain and mempool, as bitcoind does.
 * @param pool parents before children
 */
export function accept(
  chain: Chain,
  pool: readonly Transaction[],
  transaction: Transaction,
): Acceptance {
  if (chain.has(transaction.txid)) return { refusal: "txn-already-known" };
  if (pool.some(({ txid }) => txid === transaction.txid)) return { pool };
  const replaced = conflictsOf(pool, transaction);
  const kept = pool.filter((other) => !replaced.has(other));
  const checked = check(chain, kept, transaction);
  if ("refusal" in checked) return checked;
  const refusal = feeRefusal(chain, pool, transaction, checked.fee, replaced);
  return refusal === undefined ? { pool: [...kept, transaction] } : { refusal };
}

/** Returns the transactions that the next block can hold, in the order of the pool. */
export function mineable(chain: Chain, pool: readonly Transaction[]): readonly Transaction[] {
  const taken: Transaction[] = [];
  for (const transaction of pool) {
    if (chain.has(transaction.txid) || conflictsOf(taken, transaction).size > 0) continue;
    if ("fee" in check(chain, taken, transaction)) taken.push(transaction);
  }
  return taken;
}

/** Whether a transaction of the pool spends the output. */
export function isSpentIn(pool: readonly Transaction[], txid: string, vout: number): boolean {
  return pool.some(({ inputs }) => inputs.some((one) => one.txid === txid && one.vout === vout));
}

/** Returns the transactions of the pool that spend the same outputs, and their descendants. */
function conflictsOf(pool: readonly Transaction[], { inputs }: Transaction): Set<Transaction> {
  const spends = new Set(inputs.map((input) => outpoint(input.txid, input.vout)));
  const gone = new Set<Transaction>();
  const txids = new Set<string>();
  for (const other of pool) {
    const isHit = other.inputs.some(
      (input) => spends.has(outpoint(input.txid, input.vout)) || txids.has(input.txid),
    );
    if (!isHit) continue;
    gone.add(other);
    txids.add(other.txid);
  }
  return gone;
}

const LOCK_TIME_IS_TIME = 500_000_000;
const FINAL = 0xffffffff;
const BIP68_DISABLED = 0x80000000;
const BIP68_IS_TIME = 0x00400000;

/** Returns the transaction's fee if the next block can hold it, or why it cannot. */
function check(
  chain: Chain,
  pool: readonly Transaction[],
  { version, inputs, outputs, lockTime }: Transaction,
): { readonly fee: bigint } | { readonly refusal: string } {
  const next = chain.tip.height + 1;
  const lockedUntil = lockTime < LOCK_TIME_IS_TIME ? next : chain.medianTime();
  if (lockTime >= lockedUntil && inputs.some(({ sequence }) => sequence !== FINAL)) {
    return { refusal: "non-final" };
  }
  const unconfirmed = coinsOf(pool, next);
  let fee = -outputs.reduce((sum, { sat }) => sum + sat, 0n);
  for (const { txid, vout, sequence } of inputs) {
    const coin = chain.coin(txid, vout) ?? unconfirmed.get(outpoint(txid, vout));
    if (coin === undefined) return { refusal: "bad-txns-inputs-missingorspent" };
    if (!chain.isMature(coin)) return { refusal: "bad-txns-premature-spend-of-coinbase" };
    const isLocked = version >= 2 && (sequence & BIP68_DISABLED) === 0;
    if (isLocked && !isOldEnough(chain, coin, sequence)) return { refusal: "non-BIP68-final" };
    fee += coin.sat;
  }
  return fee < 0n ? { refusal: "bad-txns-in-belowout" } : { fee };
}

function isOldEnough(chain: Chain, coin: Coin, sequence: number): boolean {
  const age = sequence & 0xffff;
  if ((sequence & BIP68_IS_TIME) === 0) return coin.height + age <= chain.tip.height + 1;
  return chain.medianTime(coin.height - 1) + age * 512 <= chain.medianTime();
}

function coinsOf(pool: readonly Transaction[], height: number): Map<string, Coin> {
  const coins = new Map<string, Coin>();
  for (const { txid, outputs } of pool) {
    for (const [vout, { sat, script }] of outputs.entries()) {
      coins.set(outpoint(txid, vout), { sat, script, height, isCoinbase: false });
    }
  }
  return coins;
}

/**
 * Returns why the fee is too low, if it is: the minimum is 1 sat per virtual byte, and a
 * replacement also pays for what it replaces (BIP125).
 */
function feeRefusal(
  chain: Chain,
  pool: readonly Transaction[],
  { vsize, inputs }: Transaction,
  fee: bigint,
  replaced: ReadonlySet<Transaction>,
): string | undefined {
  if (fee < BigInt(vsize)) return `min relay fee not met, ${fee} < ${vsize}`;
  let least = replaced.size === 0 ? 0n : BigInt(vsize);
  for (const old of replaced) {
    const before = pool.slice(0, pool.indexOf(old));
    const checked = check(chain, before, old);
    const oldFee = "fee" in checked ? checked.fee : 0n;
    least += oldFee;
    const isDirect = inputs.some(({ txid, vout }) => isSpentIn([old], txid, vout));
    if (isDirect && fee * BigInt(old.vsize) <= oldFee * BigInt(vsize)) least = fee + 1n;
  }
  if (fee >= least) return undefined;
  return `insufficient fee, rejecting replacement: ${fee} sat is not enough to replace ${replaced.size}`;
}
