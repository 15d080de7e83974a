/**
 * Detects the files that this program's own output is written to (`> out.txt`, `| tee out.txt`).
 * They change at each reload, so reloading for them would never end. Used by the file source.
 */
import { fstatSync, type Stats } from "node:fs";
import { attempt, linkTarget, tryStat } from "../../filesystem/try-read.js";
import { openedBy, processIds } from "../../node/process-table.js";

const OUTPUTS = [1, 2];
/** How long the list of files is cached, in ms. */
const KEPT_MS = 1_000;

export class OwnOutput {
  #files: ReadonlySet<string> = new Set();
  #lookedAt = Number.NEGATIVE_INFINITY;

  /** Whether this program's output is written to a file. */
  isWrittenTo(path: string): boolean {
    if (performance.now() - this.#lookedAt > KEPT_MS) {
      this.#files = outputFiles();
      this.#lookedAt = performance.now();
    }
    if (this.#files.size === 0) return false;
    const file = tryStat(path);
    return file !== undefined && this.#files.has(identityOf(file));
  }
}

/** Finds the files behind our own stdout and stderr, and those open in a reader of our pipes. */
function outputFiles(): ReadonlySet<string> {
  const outputs = OUTPUTS.flatMap((fd) => attempt(() => fstatSync(fd)) ?? []);
  const own = openedBy("self");
  const pipes = OUTPUTS.map((fd) => own.get(String(fd)) ?? "").filter((target) =>
    target.startsWith("pipe:"),
  );
  const opened = pipes.length === 0 ? [] : readersOf(pipes).flatMap(openFilesOf);
  return new Set([...outputs, ...opened].filter((stat) => stat.isFile()).map(identityOf));
}

/** Finds the processes that have one of the pipes as their stdin, if /proc shows them. */
function readersOf(pipes: readonly string[]): readonly number[] {
  return processIds().filter((pid) => pipes.includes(linkTarget(`/proc/${pid}/fd/0`) ?? ""));
}

function openFilesOf(pid: number): Stats[] {
  return [...openedBy(pid).keys()]
    .filter((fd) => fd !== "0")
    .flatMap((fd) => tryStat(`/proc/${pid}/fd/${fd}`) ?? []);
}

function identityOf({ dev, ino }: Stats): string {
  return `${dev} ${ino}`;
}
