/**
 * Where plugins keep their state: keys of several parts, in order, with a number that counts the
 * changes (wallet/datastore.c). It outlives the node in a journal in the network directory, one
 * line per change. Used by methods/datastore.ts.
 */
import { closeSync, constants, fstatSync, ftruncateSync, renameSync, writeSync } from "node:fs";
import { Failure } from "../../errors/failure.js";
import { openOwnedFile, readOwnedFile } from "../../filesystem/owned-file.js";
import { isObject, parseJson } from "../../jsonrpc/json.js";

export interface StoredValue {
  readonly key: readonly string[];
  readonly data: Buffer;
  readonly generation: bigint;
}

const MAX_BYTES = 256 * 1024 * 1024;

export class Datastore {
  readonly #values = new Map<string, StoredValue>();
  #lines = 0;
  /**
   * The last line was cut off, when the disk was full or the node was killed: it is overwritten.
   */
  #wholeBytes: number | undefined;

  /**
   * Reads what an earlier node has stored, and writes nothing.
   * @throws Failure if the journal is damaged, foreign, or cannot be read
   */
  constructor(private readonly path: string) {
    const text = readOwnedFile(path, MAX_BYTES)?.toString("utf8") ?? "";
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    if (whole.length < text.length) this.#wholeBytes = Buffer.byteLength(whole);
    for (const line of whole.split("\n").slice(0, -1)) {
      this.#lines++;
      const change = parseLine(line);
      if (change === undefined) throw damaged(path, this.#lines);
      if (change.data === undefined) this.#values.delete(idOf(change.key));
      else this.#values.set(idOf(change.key), { ...change, data: change.data });
    }
  }

  get(key: readonly string[]): StoredValue | undefined {
    return this.#values.get(idOf(key));
  }

  /** @throws the system's error if it cannot be written */
  set(value: StoredValue): void {
    this.#append(lineOf(value));
    this.#values.set(idOf(value.key), value);
  }

  /** @throws the system's error if it cannot be written */
  remove(key: readonly string[]): void {
    this.#append(`${JSON.stringify({ key })}\n`);
    this.#values.delete(idOf(key));
  }

  /** All values whose keys begin with these parts, in the order of their keys. */
  under(start: readonly string[]): readonly StoredValue[] {
    return [...this.#values.values()]
      .filter(({ key }) => start.every((part, index) => key[index] === part))
      .sort((a, b) => Buffer.compare(Buffer.from(idOf(a.key)), Buffer.from(idOf(b.key))));
  }

  /** Rewrites the journal without what has been changed or deleted since. Throws nothing. */
  close(): void {
    if (this.#lines <= this.#values.size) return;
    try {
      const lines = [...this.#values.values()].map(lineOf).join("");
      writeAll(openOwnedFile(`${this.path}.new`, constants.O_APPEND), lines, 0);
      renameSync(`${this.path}.new`, this.path);
    } catch {
      // A full disk, or a missing folder: the journal still holds everything.
    }
  }

  #append(line: string): void {
    const fd = openOwnedFile(this.path, constants.O_APPEND);
    this.#wholeBytes ??= fstatSync(fd).size;
    writeAll(fd, line, this.#wholeBytes);
    this.#wholeBytes = undefined;
    this.#lines++;
  }
}

/** Also closes the file. @param from everything after this many bytes is overwritten */
function writeAll(fd: number, text: string, from: number): void {
  try {
    ftruncateSync(fd, from);
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
  } finally {
    closeSync(fd);
  }
}

/** The parts as lightningd joins them in its database. */
function idOf(key: readonly string[]): string {
  return key.join("\0");
}

function lineOf({ key, data, generation }: StoredValue): string {
  return `${JSON.stringify({ key, hex: data.toString("hex"), generation: generation.toString() })}\n`;
}

/** @returns undefined for a damaged line; a line without `data` is a deletion */
function parseLine(line: string): (Omit<StoredValue, "data"> & { data?: Buffer }) | undefined {
  const value = parseJson(line);
  if (!isObject(value) || !Array.isArray(value.key)) return undefined;
  const key = value.key.map(String);
  const { hex, generation } = value;
  if (hex === undefined && generation === undefined) return { key, generation: 0n };
  if (!/^([0-9a-f]{2})*$/i.test(String(hex)) || !/^\d+$/.test(String(generation))) return undefined;
  return { key, data: Buffer.from(String(hex), "hex"), generation: BigInt(String(generation)) };
}

function damaged(path: string, line: number): Failure {
  return new Failure({
    kind: "damaged-datastore",
    what: `cannot read the embedded node's datastore ${path}`,
    why: `line ${line} is damaged`,
    fix: "Delete that line, or the file",
    exitCode: 2,
  });
}
