/**
 * Where plugins keep their state: keys of several parts, in order, with a number that counts the
 * changes (wallet/datastore.c). It outlives the node in a journal in the network directory. Used by
 * methods/datastore.ts.
 */
import { appendFileSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { isObject, parseJson } from "../../jsonrpc/json.js";

export interface StoredValue {
  readonly key: readonly string[];
  readonly data: Buffer;
  readonly generation: bigint;
}

export class Datastore {
  readonly #values = new Map<string, StoredValue>();

  /** Reads what an earlier node has kept, and writes it anew without what has been deleted since. */
  constructor(private readonly path: string) {
    const lines = readLines(path);
    for (const line of lines) {
      const value = parseLine(line);
      if (value === undefined) continue;
      if (value.data === undefined) this.#values.delete(idOf(value.key));
      else this.#values.set(idOf(value.key), { ...value, data: value.data });
    }
    if (lines.length > 0) {
      writeFileSync(`${path}.new`, [...this.#values.values()].map(lineOf).join(""), {
        mode: 0o600,
      });
      renameSync(`${path}.new`, path);
    }
  }

  get(key: readonly string[]): StoredValue | undefined {
    return this.#values.get(idOf(key));
  }

  set(value: StoredValue): void {
    this.#values.set(idOf(value.key), value);
    this.#append(lineOf(value));
  }

  remove(key: readonly string[]): void {
    this.#values.delete(idOf(key));
    this.#append(`${JSON.stringify({ key })}\n`);
  }

  /** All values whose keys begin with these parts, in the order of their keys. */
  under(start: readonly string[]): readonly StoredValue[] {
    return [...this.#values.values()]
      .filter(({ key }) => start.every((part, index) => key[index] === part))
      .sort((a, b) => Buffer.compare(Buffer.from(idOf(a.key)), Buffer.from(idOf(b.key))));
  }

  #append(line: string): void {
    appendFileSync(this.path, line, { mode: 0o600 });
  }
}

/** The parts as lightningd joins them in its database. */
function idOf(key: readonly string[]): string {
  return key.join("\0");
}

function lineOf({ key, data, generation }: StoredValue): string {
  return `${JSON.stringify({ key, hex: data.toString("hex"), generation: generation.toString() })}\n`;
}

function readLines(path: string): readonly string[] {
  try {
    return readFileSync(path, "utf8").split("\n").filter(Boolean);
  } catch {
    return [];
  }
}

/** @returns undefined for a line that was cut when the disk was full; without `data`, a deletion */
function parseLine(
  line: string,
): { key: string[]; data: Buffer | undefined; generation: bigint } | undefined {
  const value = parseJson(line);
  if (!isObject(value) || !Array.isArray(value.key)) return undefined;
  const key = value.key.map(String);
  const { hex, generation } = value;
  if (typeof hex !== "string") return { key, data: undefined, generation: 0n };
  return { key, data: Buffer.from(hex, "hex"), generation: BigInt(String(generation)) };
}
