import { describe, expect, test } from "vitest";
import { decodeBlock, GENESIS, merkleRoot, mineBlock } from "../../../src/regtest/chain/block.js";
import { hash256, hashBytes, shownHash } from "../../../src/regtest/chain/bytes.js";

/** A block of testnet (1550507183 is its time). */
const REAL = Buffer.from(
  [
    "00a09265c15bea24321eecadb27ddf660035ac1f2b450ec03b973e17310f0000000000008a0ee58ded5de949",
    "325ebc99583e3ca84f96a6597465c611685413f50f0ead7eafdc6a5c00013f1a358019490301000000000101",
    "0000000000000000000000000000000000000000000000000000000000000000ffffffff27039985161a4d69",
    "6e656420627920416e74506f6f6c2094000103208efc8ad903000000101f0100ffffffff02d2545402000000",
    "001976a9144afc312d452c9c499fb8662728b19ac0cd3ea68888ac0000000000000000266a24aa21a9ed08b1",
    "dc37da139ccd00803738db33e05331819736b3336352dc6e2fa74f1fd67b0120000000000000000000000000",
    "00000000000000000000000000000000000000000000000001000000019b1a8eaec64d596296c3abe9af09cc",
    "e1dc09996a9ad084aaef0e4f79eb13f1e400000000fd5e0100483045022100b16d81821baf80d6af47afea73",
    "cbd3f013bf4905c87ba896ed6e545dd00edd3a0220043262bf51fe21b22b74a3ed148396077da75969e76b5f",
    "d647cda138f323634d01483045022100a2b86c9e21b5b8ff0b185e42274bfe1ef6c8d4ec6e43c174bfdac360",
    "b68ac2b80220440a60482cfccd5c384c7d62e16e03a86295224b3ef82fb6f7d2942657a4b330014cc9524104",
    "8aa0d470b7a9328889c84ef0291ed30346986e22558e80c3ae06199391eae21308a00cdcfb34febc0ea9c80d",
    "fd16b01f26c7ec67593cb8ab474aca8fa1d7029d4104cf54956634c4d0bdaf00e6b1871c089b7a892d0fecc0",
    "77f03b91e8d4d146861b0a4fdd237891a9819c878984d4b123f6fe92d9bbc05873a1bb4fe510145bf3694104",
    "71843c33b2971e4944c73d4500abd6f61f7edf9ec919c408cbe12a6c9132d2cb8ebed8253322760d5ec60811",
    "65e0ab68900683de503f1544f03816d47fec699a53aeffffffff0270771200000000001976a9147e1d98594b",
    "7b8417ed905904bad4d0de0217ee0288acc9a20a020000000017a9145629021f7668d4ec310ac5e99701a6d6",
    "cf95eb8f870000000003000000046113feede7973b484e4b8605d4f8cf2d498c98cef1a30898eb25e0958805",
    "031c000000006a47304402207afc3e15fc3c3657981cd4e0cf8afc2c62bf37efa7f92eef669d1b4ec0701c93",
    "022057bbcb4bb3b5b7b7341d708e8bf62975013f658c29fcd22482307b4ee8e223b3012103585914f7d7e37d",
    "f12bdf0171503922c86ea2c9f09d4f20c40660a74c883687adffffffff6d2663970ee08fbbf1dd9a30ba71ef",
    "1bc196cba2b9f6a19db1af4c7995003e85000000006b483045022100906fd4411926dca316ba7127e7072bd0",
    "691481883811856ff81e4f9c526ec08e022005afc833c37cec7b87c58a8eec66704a0ed277f8e497f7512b9c",
    "efae3d50d3db012103585914f7d7e37df12bdf0171503922c86ea2c9f09d4f20c40660a74c883687adffffff",
    "ff8356393fa3711040b67f221f12464ea09a770381130b4070bf8514307decba18010000006a473044022006",
    "57e984c480a37e2d73534d8314e2a73d315cb2934ad47a84d1ca9f5304332702206b212bb3ec549c39dca2f5",
    "e7ba5f8ba6020f5d4a975433a2334ceb8ff2f04059012103585914f7d7e37df12bdf0171503922c86ea2c9f0",
    "9d4f20c40660a74c883687adffffffffca9dd5661fc8caf4e5e75aa218c29a004a1d18a6461c493ef7c29e9c",
    "b77b54c9010000006b483045022100da7635fdaa91d5c293915802b4d02a044cd64548b8c23bfaaeec47d25d",
    "6039df022053927423c4d29c9a30458a837b6715ff50a3a2f5e97268cf606d9a52a30fa486012103585914f7",
    "d7e37df12bdf0171503922c86ea2c9f09d4f20c40660a74c883687adffffffff0240420f00000000001976a9",
    "14a2fdc4acc57254d6922607cd02b4826bb458528288ac0eb82500000000001976a914e05655a7d90b01ba87",
    "4d81beff57ee09610ca3ce88ac00000000",
  ].join(""),
  "hex",
);
const REAL_TXIDS = [
  "14d86acd2158acd1f59ab77ab251e3f5073db905a7b2aed25d3ba7780c3d790c",
  "c261a53121cc9841f843e2e6e0cff337e4f3c5eee788c982a0bffe771ce69919",
  "80cea306607b708a03a1854520729da884e4317b7b51f3d4a622f88176f5e034",
];
const REGTEST_GENESIS = "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206";

describe("decoding", () => {
  test("the genesis block of regtest", () => {
    const block = decodeBlock(GENESIS);
    expect(block.hash).toBe(REGTEST_GENESIS);
    expect(block.transactions[0]?.txid).toBe(
      "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b",
    );
  });

  test("a real block: its transactions, and its merkle root from them", () => {
    const block = decodeBlock(REAL);
    expect(block.previous).toBe("0000000000000f31173e973bc00e452b1fac350066df7db2adec1e3224ea5bc1");
    expect(block.time).toBe(1550507183);
    expect(block.transactions.map(({ txid }) => txid)).toEqual(REAL_TXIDS);
    expect(merkleRoot(REAL_TXIDS.map(hashBytes))).toEqual(REAL.subarray(36, 68));
  });

  test.each([
    ["cut off anywhere", (at: number) => REAL.subarray(0, at)],
    ["with bytes behind it", () => Buffer.concat([REAL, Buffer.from([0])])],
  ])("a block %s is refused", (_, damage) => {
    for (let at = 0; at < REAL.length; at += 7) expect(() => decodeBlock(damage(at))).toThrow();
  });
});

describe("mining", () => {
  test("a block of ours has the proof of work, and follows the one before", () => {
    const block = mineBlock(REGTEST_GENESIS, 1, 1_700_000_000, []);
    const decoded = decodeBlock(block.raw);
    expect(decoded).toMatchObject({
      hash: block.hash,
      previous: REGTEST_GENESIS,
      time: 1_700_000_000,
    });
    expect(Number.parseInt(block.hash.slice(0, 2), 16)).toBeLessThan(0x80);
  });

  test("its coinbase commits to the witnesses (BIP141) and has the height (BIP34)", () => {
    const [spend] = decodeBlock(mineBlock(REGTEST_GENESIS, 300, 1, []).raw).transactions;
    if (spend === undefined) throw new Error("no coinbase");
    const [coinbase] = decodeBlock(mineBlock(REGTEST_GENESIS, 300, 1, [spend]).raw).transactions;
    expect(coinbase?.inputs[0]?.script.subarray(0, 3).toString("hex")).toBe("022c01");
    const root = merkleRoot([Buffer.alloc(32), hash256(spend.raw)]);
    const commitment = hash256(Buffer.concat([root, Buffer.alloc(32)])).toString("hex");
    expect(coinbase?.outputs[1]?.script.toString("hex")).toBe(`6a24aa21a9ed${commitment}`);
    expect(coinbase?.outputs[0]?.sat).toBe(1_250_000_000n);
  });

  test("two blocks of one height have different coinbases", () => {
    const [one, other] = [1, 2].map(() => mineBlock(REGTEST_GENESIS, 1, 1, []));
    expect(one?.hash).not.toBe(other?.hash);
  });
});

test("hashes are shown last byte first", () => {
  expect(shownHash(hashBytes(REGTEST_GENESIS))).toBe(REGTEST_GENESIS);
});
