/** Payments from mined coins, the source of a network's money. */
import { Failure } from "../../errors/failure.js";
import { FAUCET_SCRIPT, FAUCET_WITNESS } from "./block.js";
import type { Chain } from "./chain.js";
import { makeTransaction, type Transaction } from "./transaction.js";

/** An output to pay. */
export interface Payee {
  readonly script: Buffer;
  readonly sat: bigint;
}

/** What our payments leave to the miner for each output and input, in sat. */
const FEE_PER_COIN = 100n;

/**
 * Makes the payment from mature coins.
 * @throws Failure `regtest-money` if there are not enough of them
 */
export function payFromFaucet(chain: Chain, payees: readonly Payee[]): Transaction {
  const coins: { readonly txid: string; readonly vout: number }[] = [];
  let needed = payees.reduce((sum, { sat }) => sum + sat + FEE_PER_COIN, FEE_PER_COIN);
  let have = 0n;
  for (const { txid, vout, coin } of chain.faucetCoins()) {
    if (have >= needed) break;
    coins.push({ txid, vout });
    have += coin.sat;
    needed += FEE_PER_COIN;
  }
  if (have < needed) {
    throw new Failure({
      kind: "regtest-money",
      what: `the chain cannot pay ${needed} sat`,
      why: `only ${have} sat can be spent: a mined coin can be spent 100 blocks later`,
      fix: "Ask for less, or mine blocks first: cln-dev regtest mine 100",
      exitCode: 1,
    });
  }
  return makeTransaction({
    version: 2,
    inputs: coins.map(({ txid, vout }) => ({
      txid,
      vout,
      script: Buffer.alloc(0),
      sequence: 0xfffffffd,
      witness: FAUCET_WITNESS,
    })),
    outputs: [...payees, { sat: have - needed, script: FAUCET_SCRIPT }].filter(
      ({ sat }) => sat > 0n,
    ),
    lockTime: 0,
  });
}
