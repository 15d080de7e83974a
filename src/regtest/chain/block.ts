/**
 * Regtest blocks: decoded, and made with real proof of work, merkle root and witness commitment.
 */
import { randomBytes } from "node:crypto";
import {
  ByteReader,
  compactSize,
  hash256,
  hashBytes,
  sha256,
  shownHash,
  sized,
  uint32,
} from "./bytes.js";
import { makeTransaction, readTransaction, type Transaction } from "./transaction.js";

export interface Block {
  readonly hash: string;
  readonly previous: string;
  /** Seconds since 1970. */
  readonly time: number;
  /** The coinbase first. */
  readonly transactions: readonly Transaction[];
  readonly raw: Buffer;
}

/** Block 0 of every regtest chain (Bitcoin Core, kernel/chainparams.cpp). */
export const GENESIS = Buffer.from(
  "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e" +
    "67768f617fc81bc3888a51323a9fb8aa4b1e5e4adae5494dffff7f200200000001010000000100000000000000000000" +
    "00000000000000000000000000000000000000000000ffffffff4d04ffff001d0104455468652054696d65732030332f" +
    "4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f75742066" +
    "6f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a6" +
    "7962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000",
  "hex",
);

const HEADER_BYTES = 80;
/** Regtest's easiest target: every second hash meets it. */
const TARGET = 0x207fffff;
const HALVING_BLOCKS = 150;
const FIRST_SUBSIDY_SAT = 5_000_000_000n;

/**
 * P2WSH of OP_TRUE: anyone can spend it with {@link FAUCET_WITNESS}. All our coinbases pay to it.
 */
export const FAUCET_SCRIPT = Buffer.concat([
  Buffer.from([0x00, 0x20]),
  sha256(Buffer.from([0x51])),
]);
export const FAUCET_WITNESS: readonly Buffer[] = [Buffer.from([0x51])];

/** Decodes a block from its bytes. @throws Error if lightningd could not decode it either */
export function decodeBlock(raw: Buffer): Block {
  const reader = new ByteReader(raw);
  const header = new ByteReader(reader.take(HEADER_BYTES), 4);
  const previous = shownHash(header.take(32));
  header.take(32);
  const time = header.uint32();
  const transactions: Transaction[] = [];
  const count = reader.compactSize();
  while (transactions.length < count) transactions.push(readTransaction(reader));
  if (!reader.isAtEnd) throw new Error("bytes follow the block");
  return { hash: blockHash(raw), previous, time, transactions, raw };
}

function blockHash(raw: Buffer): string {
  return shownHash(hash256(raw.subarray(0, HEADER_BYTES)));
}

/**
 * Makes a block with proof of work on top of the chain.
 * @param transactions without a coinbase, parents before children
 */
export function mineBlock(
  previous: string,
  height: number,
  time: number,
  transactions: readonly Transaction[],
): Block {
  const all = [coinbase(height, transactions), ...transactions];
  const header = Buffer.concat([
    uint32(0x20000000),
    hashBytes(previous),
    merkleRoot(all.map(({ txid }) => hashBytes(txid))),
    uint32(time),
    uint32(TARGET),
    uint32(0),
  ]);
  for (let nonce = 0; hash256(header).readUInt8(31) >= 0x80; ) header.writeUInt32LE(++nonce, 76);
  const raw = Buffer.concat([header, compactSize(all.length), ...all.map((one) => one.raw)]);
  return { hash: blockHash(raw), previous, time, transactions: all, raw };
}

function subsidyAt(height: number): bigint {
  return FIRST_SUBSIDY_SAT >> BigInt(Math.min(63, Math.floor(height / HALVING_BLOCKS)));
}

/** Returns the coinbase. Random bytes make its txid unique, even on two branches at one height. */
function coinbase(height: number, transactions: readonly Transaction[]): Transaction {
  const reserved = Buffer.alloc(32);
  const root = merkleRoot([Buffer.alloc(32), ...transactions.map(({ raw }) => hash256(raw))]);
  const commitment = hash256(Buffer.concat([root, reserved]));
  const script = Buffer.concat([heightPush(height), sized(randomBytes(4))]);
  return makeTransaction({
    version: 2,
    inputs: [
      {
        txid: "00".repeat(32),
        vout: 0xffffffff,
        script,
        sequence: 0xffffffff,
        witness: [reserved],
      },
    ],
    outputs: [
      { sat: subsidyAt(height), script: FAUCET_SCRIPT },
      { sat: 0n, script: Buffer.concat([Buffer.from("6a24aa21a9ed", "hex"), commitment]) },
    ],
    lockTime: 0,
  });
}

/** The height as a script pushes it (BIP34). */
function heightPush(height: number): Buffer {
  if (height <= 16) return Buffer.from([0x50 + height]);
  const bytes: number[] = [];
  for (let rest = height; rest > 0; rest >>= 8) bytes.push(rest & 0xff);
  if ((bytes.at(-1) ?? 0) & 0x80) bytes.push(0);
  return sized(Buffer.from(bytes));
}

/** The merkle root of transaction ids. */
export function merkleRoot(hashes: readonly Buffer[]): Buffer {
  let level = hashes;
  while (level.length > 1) {
    const pairs: Buffer[] = [];
    for (let at = 0; at < level.length; at += 2) {
      const left = level[at] ?? Buffer.alloc(32);
      pairs.push(hash256(Buffer.concat([left, level[at + 1] ?? left])));
    }
    level = pairs;
  }
  return level[0] ?? Buffer.alloc(32);
}
