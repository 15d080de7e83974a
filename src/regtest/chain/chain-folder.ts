/**
 * A chain as files that several processes read and write: `blocks.jsonl` (one block a line; blocks
 * are appended, a reorg replaces the file), `mempool.json`, `settings.json`. Writers hold the lock;
 * readers use whole lines only.
 */
import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { Failure, messageOf, systemCode } from "../../errors/failure.js";
import { isObject, parseJson } from "../../jsonrpc/json.js";
import { lockedFailure, lockWithin } from "../lock.js";
import { regtestCommand } from "../regtest-command.js";
import { saveFile, writeFailure } from "../save-file.js";
import { type Block, decodeBlock, mineBlock } from "./block.js";
import { Chain } from "./chain.js";
import {
  type ChainSettings,
  type Feerates,
  parseSettings,
  withFeerates,
} from "./chain-settings.js";
import { type Payee, payFromFaucet } from "./faucet.js";
import { accept, mineable } from "./mempool.js";
import { decodeTransaction, type Transaction } from "./transaction.js";

const LOCK_MS = 10_000;

export class ChainFolder {
  readonly folder: string;
  readonly #blocksFile: string;
  #chain = new Chain();
  /** How many bytes of the file are in memory, and which file that is. */
  #read = 0;
  #inode: number | undefined;

  constructor(folder: string) {
    this.folder = folder;
    this.#blocksFile = join(folder, "blocks.jsonl");
  }

  /**
   * Creates an empty chain, or opens an existing one.
   * @throws a system error
   * @throws Failure `regtest-chain` if an existing one is damaged
   */
  static create(folder: string): ChainFolder {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    closeSync(openSync(join(folder, "blocks.jsonl"), "a", 0o600));
    return ChainFolder.open(folder);
  }

  /** @throws Failure `regtest-chain` if there is none, or it is damaged */
  static open(folder: string): ChainFolder {
    const opened = new ChainFolder(folder);
    opened.refresh();
    return opened;
  }

  get chain(): Chain {
    return this.#chain;
  }

  /** The hash of block 1, which differs between chains; undefined if there is none yet. */
  get id(): string | undefined {
    return this.#chain.blockAt(1)?.hash;
  }

  /**
   * Reads what has been written since the last read.
   * @returns whether the tip has changed
   * @throws Failure `regtest-chain` if it is gone or damaged; what was read before stays
   */
  refresh(): boolean {
    const before = this.#chain.tip.hash;
    let file: number | undefined;
    try {
      file = openSync(this.#blocksFile, "r");
      const { ino, size } = fstatSync(file);
      const isLonger = ino === this.#inode && size >= this.#read;
      if (!isLonger || !this.#readOn(file, size)) this.#readAll(file, size);
      this.#inode = ino;
    } catch (error) {
      throw chainFailure(this.#blocksFile, error);
    } finally {
      if (file !== undefined) closeSync(file);
    }
    return before !== this.#chain.tip.hash;
  }

  /**
   * Reads the rest of the file.
   * @returns false if it is another file, with the reused inode of the old one
   */
  #readOn(file: number, size: number): boolean {
    try {
      this.#read += readBlocks(file, this.#read, size, this.#chain);
      return true;
    } catch {
      return false;
    }
  }

  #readAll(file: number, size: number): void {
    const chain = new Chain();
    const read = readBlocks(file, 0, size, chain);
    // Our own writers replace the file as a whole: a half written one is somebody else's.
    const isEmptied = chain.tip.height === 0 && this.#chain.tip.height > 0;
    if (isEmptied) throw new Error("its blocks are gone");
    this.#read = read;
    this.#chain = chain;
  }

  /** Returns the transactions that wait for a block, parents before children. */
  mempool(): readonly Transaction[] {
    const list = readJson(join(this.folder, "mempool.json"));
    if (!Array.isArray(list)) return [];
    return list.map((hex: unknown) => decodeTransaction(Buffer.from(String(hex), "hex")));
  }

  get settings(): ChainSettings {
    return parseSettings(readJson(join(this.folder, "settings.json")));
  }

  /** Changes the given settings; fee rates are merged: see {@link withFeerates}. */
  set(changes: { readonly automine?: number; readonly feerates?: Feerates }): void {
    this.#locked(() => {
      const { automine, feerates, feeChanges } = this.settings;
      const changed: ChainSettings = {
        automine: changes.automine ?? automine,
        feerates: withFeerates(feerates, changes.feerates ?? {}),
        feeChanges: feeChanges + (changes.feerates === undefined ? 0 : 1),
      };
      saveFile(join(this.folder, "settings.json"), JSON.stringify(changed));
    });
  }

  /**
   * Puts a transaction into the mempool.
   * @returns whether it is new there, or bitcoind's reason to refuse it
   */
  send(bytes: Buffer): { readonly isNew: boolean } | { readonly refusal: string } {
    let transaction: Transaction;
    try {
      transaction = decodeTransaction(bytes);
    } catch {
      return { refusal: "TX decode failed" };
    }
    return this.#locked(() => {
      const pool = this.mempool();
      const accepted = accept(this.#chain, pool, transaction);
      if ("refusal" in accepted) return accepted;
      const isNew = accepted.pool !== pool;
      if (isNew) this.#writeMempool(accepted.pool);
      return { isNew };
    });
  }

  /**
   * Mines blocks; the first one holds the mempool.
   * @param count at most a few hundred: others wait for the lock
   * @returns the hashes of the new blocks
   * @throws Failure if they cannot be written: there is no new block then
   */
  mine(count = 1): readonly string[] {
    return this.#locked(() => {
      const pool = this.mempool();
      return this.#extend(count, pool, pool);
    });
  }

  /**
   * Pays from mined coins, in a block that also holds the mempool.
   * @throws Failure `regtest-money` if there are not enough mature coins
   */
  fund(payees: readonly Payee[]): readonly string[] {
    return this.#locked(() => {
      const payment = payFromFaucet(this.#chain, payees);
      const pool = this.mempool();
      return this.#extend(1, [payment, ...pool], pool);
    });
  }

  /** Mines on the tip, and keeps in the mempool what can still be mined. */
  #extend(
    count: number,
    transactions: readonly Transaction[],
    pool: readonly Transaction[],
  ): readonly string[] {
    const hashes = this.#append(this.#mineOn(this.#chain, count, transactions));
    if (pool.length > 0) this.#writeMempool(mineable(this.#chain, pool));
    return hashes;
  }

  /**
   * Replaces the last `depth` blocks with `depth + 1` new ones; their transactions are mined again.
   * @returns the hashes of the replaced blocks
   */
  reorganize(depth: number): readonly string[] {
    return this.#locked(() => {
      const { height } = this.#chain.tip;
      const branch = new Chain();
      const kept: Block[] = [];
      const gone: Block[] = [];
      for (let at = 1; at <= height; at++) {
        const raw = this.#chain.blockAt(at)?.raw;
        if (raw !== undefined) (at <= height - depth ? kept : gone).push(decodeBlock(raw));
      }
      for (const block of kept) branch.append(block);
      const back = gone.flatMap(({ transactions }) => transactions.slice(1));
      const pool = [...back, ...this.mempool()];
      const mined = this.#mineOn(branch, depth + 1, pool);
      saveFile(this.#blocksFile, [...kept, ...mined].map(lineOf).join(""));
      this.refresh();
      this.#writeMempool(mineable(this.#chain, pool));
      return gone.map(({ hash }) => hash);
    });
  }

  /** Mines blocks. They are not part of the chain until they are written. */
  #mineOn(chain: Chain, count: number, pool: readonly Transaction[]): readonly Block[] {
    const blocks: Block[] = [];
    let { hash, height, time } = chain.tip;
    for (let index = 0; index < count; index++) {
      const now = Math.floor(Date.now() / 1000);
      const transactions = index === 0 ? mineable(chain, pool) : [];
      const block = mineBlock(hash, ++height, Math.max(now, time + 1), transactions);
      blocks.push(block);
      ({ hash, time } = block);
    }
    return blocks;
  }

  /**
   * Writes all of the blocks or none: blanks, which no reader takes for a block, first reserve the
   * space. A block that a node has received must not disappear.
   */
  #append(blocks: readonly Block[]): readonly string[] {
    const file = openSync(this.#blocksFile, "r+");
    try {
      // Remove half a line that a killed writer may have left behind.
      ftruncateSync(file, this.#read);
      const bytes = Buffer.from(blocks.map(lineOf).join(""), "latin1");
      try {
        writeAll(file, Buffer.alloc(bytes.length, " "), this.#read);
      } catch (error) {
        ftruncateSync(file, this.#read);
        throw writeFailure(this.#blocksFile, error);
      }
      writeAll(file, bytes, this.#read);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    this.refresh();
    return blocks.map(({ hash }) => hash);
  }

  #writeMempool(pool: readonly Transaction[]): void {
    saveFile(
      join(this.folder, "mempool.json"),
      JSON.stringify(pool.map(({ raw }) => raw.toString("hex"))),
    );
  }

  /**
   * Runs `use` under the lock, on the current chain.
   * @throws Failure if another process holds the lock for too long, or the chain is damaged
   */
  #locked<T>(use: () => T): T {
    const path = join(this.folder, "lock");
    const lock = lockWithin(path, LOCK_MS);
    if ("heldBy" in lock) throw lockedFailure("the chain", path, lock.heldBy, LOCK_MS);
    try {
      this.refresh();
      return use();
    } finally {
      lock.release();
    }
  }
}

function writeAll(file: number, bytes: Buffer, position: number): void {
  for (let at = 0; at < bytes.length; ) {
    at += writeSync(file, bytes, at, bytes.length - at, position + at);
  }
}

function lineOf({ hash, raw }: Block): string {
  return `${JSON.stringify({ hash, block: raw.toString("hex") })}\n`;
}

/**
 * Appends the blocks in the whole lines between two positions.
 * @returns the length of these lines in bytes
 */
function readBlocks(file: number, from: number, to: number, chain: Chain): number {
  const bytes = Buffer.alloc(to - from);
  const read = bytes.subarray(0, readSync(file, bytes, 0, bytes.length, from));
  const end = read.lastIndexOf("\n") + 1;
  const lines = read.toString("latin1", 0, end).split("\n");
  for (const line of lines) if (line !== "") chain.append(decodeLine(line));
  return end;
}

function decodeLine(line: string): Block {
  const read = parseJson(line);
  if (!isObject(read) || typeof read.block !== "string") throw new Error("a line is not a block");
  const block = decodeBlock(Buffer.from(read.block, "hex"));
  if (block.hash !== read.hash) throw new Error("a block does not match its hash");
  return block;
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw chainFailure(path, error);
  }
}

function chainFailure(path: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  const isGone = systemCode(error) === "ENOENT";
  return new Failure({
    kind: "regtest-chain",
    what: isGone ? `the chain is gone: ${path}` : `the chain is damaged: ${path}`,
    why: isGone ? "there is no such file" : messageOf(error),
    fix: `Its nodes cannot run without it. Start over: ${regtestCommand("reset", dirname(dirname(path)))}`,
    exitCode: 1,
    cause: error,
  });
}
