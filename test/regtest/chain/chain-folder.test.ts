import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { decodeBlock, FAUCET_SCRIPT, FAUCET_WITNESS } from "../../../src/regtest/chain/block.js";
import { ChainFolder } from "../../../src/regtest/chain/chain-folder.js";
import { makeTransaction, type Transaction } from "../../../src/regtest/chain/transaction.js";
import { type Sandbox, sandbox } from "../../support/sandbox.js";

let box: Sandbox;
let chain: ChainFolder;

beforeEach(() => {
  box = sandbox();
  chain = ChainFolder.create(box.folder("chain"));
});

interface Spend {
  readonly fee?: bigint;
  readonly sequence?: number;
  readonly lockTime?: number;
  readonly vout?: number;
}

/** Spends an output that anyone can spend. */
function spend(
  { txid, sat }: { readonly txid: string; readonly sat: bigint },
  { fee = 1_000n, sequence = 0xfffffffd, lockTime = 0, vout = 0 }: Spend = {},
): Transaction {
  return makeTransaction({
    version: 2,
    inputs: [{ txid, vout, script: Buffer.alloc(0), sequence, witness: FAUCET_WITNESS }],
    outputs: [{ sat: sat - fee, script: FAUCET_SCRIPT }],
    lockTime,
  });
}

/** The oldest coin that can be spent. */
function coin() {
  for (const { txid, coin } of chain.chain.faucetCoins()) return { txid, sat: coin.sat };
  throw new Error("no coin is mature");
}

function tipTransactions(): readonly string[] {
  const { raw } = chain.chain.tip;
  return transactionsOf(raw).slice(1);
}

function transactionsOf(raw: Buffer): readonly string[] {
  return decodeBlock(raw).transactions.map(({ txid }) => txid);
}

describe("the mempool", () => {
  beforeEach(() => void chain.mine(101));

  test("a transaction is mined once, and is known then", () => {
    const one = spend(coin());
    expect(chain.send(one.raw)).toEqual({ isNew: true });
    expect(chain.send(one.raw)).toEqual({ isNew: false });
    chain.mine();
    expect(tipTransactions()).toEqual([one.txid]);
    expect(chain.mempool()).toEqual([]);
    expect(chain.send(one.raw)).toEqual({ refusal: "txn-already-known" });
  });

  test("a child of an unconfirmed one is mined behind it", () => {
    const parent = spend(coin());
    const child = spend({ txid: parent.txid, sat: parent.outputs[0]?.sat ?? 0n });
    expect(chain.send(child.raw)).toEqual({ refusal: "bad-txns-inputs-missingorspent" });
    chain.send(parent.raw);
    expect(chain.send(child.raw)).toEqual({ isNew: true });
    chain.mine();
    expect(tipTransactions()).toEqual([parent.txid, child.txid]);
  });

  test("the one that pays more replaces the one that spends the same, with its children", () => {
    const first = spend(coin());
    const child = spend({ txid: first.txid, sat: first.outputs[0]?.sat ?? 0n });
    chain.send(first.raw);
    chain.send(child.raw);
    const same = spend(coin(), { fee: 1_001n });
    expect(chain.send(same.raw)).toMatchObject({
      refusal: expect.stringContaining("insufficient fee"),
    });
    const better = spend(coin(), { fee: 3_000n });
    expect(chain.send(better.raw)).toEqual({ isNew: true });
    expect(chain.mempool().map(({ txid }) => txid)).toEqual([better.txid]);
  });

  test("a double spend is refused when the first one is in a block", () => {
    const money = coin();
    chain.send(spend(money).raw);
    chain.mine();
    expect(chain.send(spend(money, { fee: 9_000n }).raw)).toEqual({
      refusal: "bad-txns-inputs-missingorspent",
    });
  });

  test("lock times are refused early and taken in time", () => {
    const height = chain.chain.tip.height;
    const money = coin();
    const later = spend(money, { lockTime: height + 2 });
    expect(chain.send(later.raw)).toEqual({ refusal: "non-final" });
    chain.send(spend(money).raw);
    chain.mine();
    const [txid = ""] = tipTransactions();
    const aged = spend({ txid, sat: money.sat - 1_000n }, { sequence: 3 });
    expect(chain.send(aged.raw)).toEqual({ refusal: "non-BIP68-final" });
    chain.mine(2);
    expect(chain.send(aged.raw)).toEqual({ isNew: true });
  });

  test.each([
    ["more than it spends", (sat: bigint) => ({ fee: -1n * sat }), "bad-txns-in-belowout"],
    ["no fee", () => ({ fee: 0n }), "min relay fee not met"],
  ])("%s is refused", (_, parts, refusal) => {
    const money = coin();
    expect(chain.send(spend(money, parts(money.sat)).raw)).toMatchObject({
      refusal: expect.stringContaining(refusal),
    });
  });

  test("a coinbase can be spent after 100 blocks", () => {
    const young = decodeBlock(chain.chain.blockAt(3)?.raw ?? Buffer.alloc(0)).transactions[0];
    const one = spend({ txid: young?.txid ?? "", sat: 5_000_000_000n });
    expect(chain.send(one.raw)).toEqual({ refusal: "bad-txns-premature-spend-of-coinbase" });
    chain.mine();
    expect(chain.send(one.raw)).toEqual({ isNew: true });
  });

  test.each(["", "zz", "01000000", "ff".repeat(100)])("%j does not decode", (hex) => {
    expect(chain.send(Buffer.from(hex, "hex"))).toEqual({ refusal: "TX decode failed" });
  });

  test("an output that is spent there is not paid again by the faucet", () => {
    chain.fund([{ script: FAUCET_SCRIPT, sat: 1_000n }]);
    expect(tipTransactions()).toHaveLength(1);
    const rich = { script: FAUCET_SCRIPT, sat: 21_000_000n * 100_000_000n };
    expect(() => chain.fund([rich])).toThrow("can be spent 100 blocks later");
  });
});

describe("a reorg", () => {
  test("has one block more, and what was in the old ones is mined again", () => {
    chain.mine(101);
    const one = spend(coin());
    chain.send(one.raw);
    chain.mine(3);
    const before = chain.chain.blockAt(102)?.hash;
    const gone = chain.reorganize(3);
    expect(gone).toHaveLength(3);
    expect(gone[0]).toBe(before);
    expect(chain.chain.tip.height).toBe(105);
    expect(transactionsOf(chain.chain.blockAt(102)?.raw ?? Buffer.alloc(0))).toContain(one.txid);
  });

  test("another reader follows it", () => {
    chain.mine(5);
    const reader = ChainFolder.open(chain.folder);
    for (let round = 0; round < 5; round++) {
      chain.reorganize(2);
      expect(reader.refresh()).toBe(true);
      expect(reader.chain.tip).toEqual(chain.chain.tip);
    }
  });
});

describe("the files", () => {
  const blocks = () => join(chain.folder, "blocks.jsonl");

  test("each chain has its own id", () => {
    const other = ChainFolder.create(box.folder("other"));
    expect(chain.id).toBe(undefined);
    chain.mine();
    other.mine();
    expect(chain.id).not.toBe(other.id);
    expect(ChainFolder.open(chain.folder).id).toBe(chain.id);
  });

  test("half a line at the end is cut off by the next writer, and not read before", () => {
    chain.mine(3);
    const whole = readFileSync(blocks());
    appendFileSync(blocks(), whole.subarray(0, 100));
    const other = ChainFolder.open(chain.folder);
    expect(other.chain.tip.height).toBe(3);
    other.mine();
    expect(ChainFolder.open(chain.folder).chain.tip.height).toBe(4);
  });

  test.each([
    ["is damaged", () => writeFileSync(blocks(), "nonsense\n")],
    [
      "has a block that does not follow",
      () => writeFileSync(blocks(), readFileSync(blocks(), "utf8").split("\n").slice(1).join("\n")),
    ],
  ])("a chain that %s is refused, with the way out", (_, damage) => {
    chain.mine(3);
    damage();
    expect(() => ChainFolder.open(chain.folder)).toThrow("the chain is damaged");
    // What a reader has, it keeps.
    expect(() => chain.refresh()).toThrow();
    expect(chain.chain.tip.height).toBe(3);
  });

  test("a reader of a chain that is emptied, or half written, keeps what it has", () => {
    chain.mine(3);
    const whole = readFileSync(blocks());
    writeFileSync(blocks(), "");
    expect(() => chain.refresh()).toThrow("its blocks are gone");
    expect(chain.chain.tip.height).toBe(3);
    writeFileSync(blocks(), whole);
    chain.refresh();
    chain.mine();
    expect(ChainFolder.open(chain.folder).chain.tip.height).toBe(4);
  });

  test.each(["[]", '{"feerates":null}', '{"automine":3}'])(
    "damaged settings are as if there were none: %s",
    (text) => {
      const { settings } = chain;
      writeFileSync(join(chain.folder, "settings.json"), text);
      expect(chain.settings).toEqual(settings);
    },
  );

  test("a chain that is gone is refused", () => {
    rmSync(blocks());
    expect(() => ChainFolder.open(chain.folder)).toThrow("the chain is gone");
  });
});
