/**
 * The datastore, where plugins keep their state (wallet/datastore.c). A key has one or more parts;
 * a value has a generation, which counts its changes. The datastore outlives the node in a journal
 * in the network directory, with one line per change. Used by methods/datastore.ts.
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
   * Where to write, in bytes, if the last line is incomplete because the disk was full or the node
   * was killed. Undefined for the end of the file.
   */
  #wholeBytes: number | undefined;

  /**
   * Reads what an earlier node stored. Writes nothing.
   * @throws Failure if the journal is damaged, belongs to another user, or is not a regular file
   * @throws the system's error if it cannot be read
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

  /** @throws the system's error if the journal cannot be written */
  set(value: StoredValue): void {
    this.#append(lineOf(value));
    this.#values.set(idOf(value.key), value);
  }

  /** @throws the system's error if the journal cannot be written */
  remove(key: readonly string[]): void {
    this.#append(`${JSON.stringify({ key })}\n`);
    this.#values.delete(idOf(key));
  }

  /** Returns all values whose keys begin with these parts, sorted by key. */
  under(start: readonly string[]): readonly StoredValue[] {
    return [...this.#values.values()]
      .filter(({ key }) => start.every((part, index) => key[index] === part))
      .sort((a, b) => Buffer.compare(Buffer.from(idOf(a.key)), Buffer.from(idOf(b.key))));
  }

  /** Rewrites the journal without outdated and deleted values. Never throws. */
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

/** Writes text and closes the file. @param from where to write, in bytes; the rest is cut off */
function writeAll(fd: number, text: string, from: number): void {
  try {
    ftruncateSync(fd, from);
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
  } finally {
    closeSync(fd);
  }
}

/** Joins the parts of a key as lightningd's database does. */
function idOf(key: readonly string[]): string {
  return key.join("\0");
}

function lineOf({ key, data, generation }: StoredValue): string {
  return `${JSON.stringify({ key, hex: data.toString("hex"), generation: generation.toString() })}\n`;
}

/** Returns the change, which is a deletion if it has no `data`; undefined for a damaged line. */
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
