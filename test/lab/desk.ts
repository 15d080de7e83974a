/** One plugin in its own folder: how it is saved, and when its new version is live. */
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { within } from "./lab.js";
import type { Source } from "./plugins.js";

export type SaveKind = "in place" | "by rename" | "in two chunks";

export interface Stamp {
  readonly version: number;
  readonly helper: number;
  /** CLOCK_MONOTONIC, ms. */
  readonly at: number;
  readonly pid: number;
}

const CHUNK_PAUSE_MS = 5;
const LOOK_MS = 1;
const BUSY_TRIES = 1_000;

export class Desk {
  readonly folder: string;
  readonly plugin: string;
  readonly source: Source;
  readonly #stamps: string;
  #version = 0;
  #helper = 0;
  #seen = 0;

  /** Writes version 0 of the plugin and of its helper. @param folder made if it is not there */
  constructor(source: Source, folder: string) {
    mkdirSync(folder, { recursive: true });
    this.folder = folder;
    this.source = source;
    this.plugin = join(folder, source.fileName);
    this.#stamps = `${folder}.stamps`;
    writeFileSync(this.#stamps, "");
    const { helperName } = source;
    if (helperName) writeFileSync(join(folder, helperName), source.helper(0));
    writeFileSync(this.plugin, this.content(0), { mode: 0o755 });
  }

  /** Saves the next version. @returns the moment at which the save had ended (CLOCK_MONOTONIC, ms) */
  save(kind: SaveKind, what: "plugin" | "helper" = "plugin"): number {
    const { helperName } = this.source;
    if (what === "helper" && helperName) {
      return write(kind, join(this.folder, helperName), this.source.helper(++this.#helper), false);
    }
    const compiled = helperName === undefined;
    return write(kind, this.plugin, this.content(++this.#version), compiled);
  }

  /** Waits until what was saved last has received `init`. @returns its stamp; undefined: it never did */
  async live(timeoutMs: number): Promise<Stamp | undefined> {
    let found: Stamp | undefined;
    await within(
      timeoutMs,
      () => {
        found = this.stamps().find(
          ({ version, helper }) => version === this.#version && helper === this.#helper,
        );
        return found !== undefined;
      },
      LOOK_MS,
    );
    if (found) this.#seen = readFileSync(this.#stamps).length;
    return found;
  }

  /** All starts since the last time that {@link live} found one. */
  stamps(): readonly Stamp[] {
    const lines = readFileSync(this.#stamps).subarray(this.#seen).toString("utf8").split("\n");
    return lines.slice(0, -1).map((line) => {
      const [version, helper, ns, pid] = line.split(" ").map(Number);
      return { version: version ?? 0, helper: helper ?? 0, at: (ns ?? 0) / 1e6, pid: pid ?? 0 };
    });
  }

  /** The plugin's code: of the last version if not said otherwise. */
  content(version = this.#version): Buffer {
    return this.source.plugin(version, this.#stamps);
  }
}

/** @param fresh a running program cannot be written to: as compilers do, the name is made again */
function write(kind: SaveKind, path: string, content: Buffer, fresh: boolean): number {
  if (kind === "by rename") {
    const aside = join(dirname(path), `.saved.tmp`);
    writeFileSync(aside, content, { mode: 0o755 });
    renameSync(aside, path);
    return now();
  }
  if (fresh) rmSync(path, { force: true });
  const file = openToWrite(path);
  const half = kind === "in two chunks" ? Math.floor(content.length / 2) : content.length;
  writeSync(file, content, 0, half);
  if (half < content.length) {
    sleep(CHUNK_PAUSE_MS);
    writeSync(file, content, half);
  }
  closeSync(file);
  return now();
}

/** While the kernel begins to run a script, nobody may write to it (ETXTBSY): an editor tries again. */
function openToWrite(path: string): number {
  for (let tries = 0; ; tries++) {
    try {
      return openSync(path, "w", 0o755);
    } catch (error) {
      const busy = error instanceof Error && "code" in error && error.code === "ETXTBSY";
      if (!busy || tries === BUSY_TRIES) throw error;
      sleep(1);
    }
  }
}

/** CLOCK_MONOTONIC, ms: the plugins' stamps are of the same clock. */
function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
