/**
 * The file that this program's own output goes to (`> out.txt`, `| tee session.log`): it changes at
 * each reload, so that a reload for its change would never end. Used by the file source.
 */
import { fstatSync, readdirSync, readlinkSync, type Stats, statSync } from "node:fs";

const OUTPUTS = [1, 2];
/** For how long the files are taken to be the same, in ms. */
const KEPT_MS = 1_000;

export class OwnOutput {
  #files: ReadonlySet<string> = new Set();
  #lookedAt = Number.NEGATIVE_INFINITY;

  /** Whether a file is written with what this program prints. */
  isWrittenTo(path: string): boolean {
    if (performance.now() - this.#lookedAt > KEPT_MS) {
      this.#files = outputFiles();
      this.#lookedAt = performance.now();
    }
    if (this.#files.size === 0) return false;
    const file = statOf(path);
    return file !== undefined && this.#files.has(identityOf(file));
  }
}

/** The files behind our own descriptors, and those that a reader of our pipes has open. */
function outputFiles(): ReadonlySet<string> {
  const outputs = OUTPUTS.flatMap((fd) => descriptorStat(fd) ?? []);
  const pipes = OUTPUTS.map((fd) => linkOf(`/proc/self/fd/${fd}`)).filter((link) =>
    link?.startsWith("pipe:"),
  );
  const opened = pipes.length === 0 ? [] : readersOf(pipes).flatMap(openFilesOf);
  return new Set([...outputs, ...opened].filter((stat) => stat.isFile()).map(identityOf));
}

/** Processes that have one of the pipes as their stdin, as far as /proc shows them. */
function readersOf(pipes: readonly (string | undefined)[]): string[] {
  return namesIn("/proc").filter(
    (pid) => /^\d+$/.test(pid) && pipes.includes(linkOf(`/proc/${pid}/fd/0`)),
  );
}

function openFilesOf(pid: string): Stats[] {
  return namesIn(`/proc/${pid}/fd`)
    .filter((fd) => fd !== "0")
    .flatMap((fd) => statOf(`/proc/${pid}/fd/${fd}`) ?? []);
}

function identityOf({ dev, ino }: Stats): string {
  return `${dev} ${ino}`;
}

function descriptorStat(fd: number): Stats | undefined {
  try {
    return fstatSync(fd);
  } catch {
    return undefined; // It is closed.
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
