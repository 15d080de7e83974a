/** Bitcoin's encoding of hashes and numbers, for transactions and blocks. */
import { createHash } from "node:crypto";

export function sha256(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest();
}

/** SHA-256 twice: the hash of transactions, blocks and merkle trees. */
export function hash256(bytes: Buffer): Buffer {
  return sha256(sha256(bytes));
}

/** Returns a hash in its displayed form: hex, last byte first. */
export function shownHash(hash: Buffer): string {
  return Buffer.from(hash).reverse().toString("hex");
}

/** Returns the bytes of a hash in its displayed form. */
export function hashBytes(shown: string): Buffer {
  return Buffer.from(shown, "hex").reverse();
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

export function uint64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

/** Encodes a length, in 1 to 5 bytes. */
export function compactSize(value: number): Buffer {
  if (value < 0xfd) return Buffer.from([value]);
  if (value <= 0xffff) return Buffer.from([0xfd, value & 0xff, value >> 8]);
  return Buffer.concat([Buffer.from([0xfe]), uint32(value)]);
}

/** Returns the bytes with their length in front. */
export function sized(bytes: Buffer): Buffer {
  return Buffer.concat([compactSize(bytes.length), bytes]);
}

/**
 * Reads what the functions above write.
 * @throws Error if the bytes end too early or a length is not minimal
 */
export class ByteReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get position(): number {
    return this.#at;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  take(length: number): Buffer {
    if (length > this.#bytes.length - this.#at) throw new Error("the bytes end too early");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** Returns the bytes read since that position. */
  since(position: number): Buffer {
    return this.#bytes.subarray(position, this.#at);
  }

  uint32(): number {
    return this.take(4).readUInt32LE();
  }

  uint64(): bigint {
    return this.take(8).readBigUInt64LE();
  }

  compactSize(): number {
    const first = this.take(1).readUInt8();
    if (first < 0xfd) return first;
    const value = first === 0xfd ? this.take(2).readUInt16LE() : this.uint32();
    const least = first === 0xfd ? 0xfd : 0x10000;
    if (first === 0xff || value < least) throw new Error("a length is not valid");
    return value;
  }

  sized(): Buffer {
    return this.take(this.compactSize());
  }
}
