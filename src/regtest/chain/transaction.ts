/** Transactions, decoded and encoded (BIP144). Nothing is signed, no script is run. */
import {
  ByteReader,
  compactSize,
  hash256,
  hashBytes,
  shownHash,
  sized,
  uint32,
  uint64,
} from "./bytes.js";

interface TransactionInput {
  /** The transaction whose output is spent, as hex. */
  readonly txid: string;
  readonly vout: number;
  readonly script: Buffer;
  readonly sequence: number;
  readonly witness: readonly Buffer[];
}

interface TransactionOutput {
  readonly sat: bigint;
  readonly script: Buffer;
}

export interface TransactionParts {
  readonly version: number;
  readonly inputs: readonly TransactionInput[];
  readonly outputs: readonly TransactionOutput[];
  readonly lockTime: number;
}

export interface Transaction extends TransactionParts {
  readonly txid: string;
  /** The bytes with the witness, as in a block. */
  readonly raw: Buffer;
  /** The size in virtual bytes, on which fee rates are based (BIP141). */
  readonly vsize: number;
}

/** `txid:vout`: the key of an output. */
export function outpoint(txid: string, vout: number): string {
  return `${txid}:${vout}`;
}

/** Makes a transaction, with its ids and bytes. */
export function makeTransaction(parts: TransactionParts): Transaction {
  const raw = encode(parts, true);
  const bare = encode(parts, false);
  return {
    ...parts,
    raw,
    txid: shownHash(hash256(bare)),
    vsize: Math.ceil((bare.length * 3 + raw.length) / 4),
  };
}

/**
 * Decodes a transaction from its bytes.
 * @throws Error if the bytes are not exactly one transaction
 */
export function decodeTransaction(bytes: Buffer): Transaction {
  const reader = new ByteReader(bytes);
  const transaction = readTransaction(reader);
  if (!reader.isAtEnd) throw new Error("bytes follow the transaction");
  return transaction;
}

const MAX_SAT = 21_000_000n * 100_000_000n;

/**
 * Reads the next transaction of a reader.
 * @throws Error if no transaction that lightningd can decode follows
 */
export function readTransaction(reader: ByteReader): Transaction {
  const from = reader.position;
  const version = reader.take(4).readInt32LE();
  let count = reader.compactSize();
  const hasWitness = count === 0;
  if (hasWitness) {
    if (reader.take(1).readUInt8() !== 1) throw new Error("the transaction has no inputs");
    count = reader.compactSize();
  }
  const bare = times(count, () => ({
    txid: shownHash(reader.take(32)),
    vout: reader.uint32(),
    script: reader.sized(),
    sequence: reader.uint32(),
  }));
  const outputs = times(reader.compactSize(), () => ({
    sat: reader.uint64(),
    script: reader.sized(),
  }));
  const inputs = bare.map((input) => ({
    ...input,
    witness: hasWitness ? times(reader.compactSize(), () => reader.sized()) : [],
  }));
  const lockTime = reader.uint32();
  if (inputs.length === 0 || outputs.length === 0)
    throw new Error("it has no inputs or no outputs");
  if (outputs.some(({ sat }) => sat > MAX_SAT)) throw new Error("an amount is too large");
  const transaction = makeTransaction({ version, inputs, outputs, lockTime });
  if (!transaction.raw.equals(reader.since(from))) throw new Error("its encoding is not canonical");
  return transaction;
}

function encode(
  { version, inputs, outputs, lockTime }: TransactionParts,
  witness: boolean,
): Buffer {
  const hasWitness = witness && inputs.some((input) => input.witness.length > 0);
  return Buffer.concat([
    uint32(version),
    ...(hasWitness ? [Buffer.from([0, 1])] : []),
    compactSize(inputs.length),
    ...inputs.flatMap(({ txid, vout, script, sequence }) => [
      hashBytes(txid),
      uint32(vout),
      sized(script),
      uint32(sequence),
    ]),
    compactSize(outputs.length),
    ...outputs.flatMap(({ sat, script }) => [uint64(sat), sized(script)]),
    ...(hasWitness
      ? inputs.flatMap((input) => [compactSize(input.witness.length), ...input.witness.map(sized)])
      : []),
    uint32(lockTime),
  ]);
}

/** Reads `count` items. Stops at the first failure, so too large a count cannot fill the memory. */
function times<T>(count: number, read: () => T): T[] {
  const all: T[] = [];
  for (let index = 0; index < count; index++) all.push(read());
  return all;
}
