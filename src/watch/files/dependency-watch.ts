/**
 * Restarts a plugin that failed because a module was missing, once one has been installed. The
 * folders that modules are installed to belong to no plugin's sources, so they are watched only
 * then.
 */
import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Outcome } from "../../events/watch-events.js";
import { attempt, namesIn, realPathOf } from "../../filesystem/try-read.js";
import { homeFolder } from "../../plugin/file/home-folder.js";
import { readHead, readShebang } from "../../plugin/file/shebang.js";

/** What interpreters print when they do not find a module. */
const MISSING_MODULE =
  /ModuleNotFoundError|ImportError|No module named|Cannot find (?:module|package)|MODULE_NOT_FOUND|cannot load such file|Can't locate \S+ in @INC/;
/**
 * The interval between two looks, in ms; an installation is over when nothing changes from one to
 * the next.
 */
const LOOK_MS = 1_000;

export class DependencyWatch {
  readonly #path: string;
  readonly #onInstalled: (folder: string) => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param onInstalled called when something was installed into this folder */
  constructor(path: string, onInstalled: (folder: string) => void) {
    this.#path = path;
    this.#onInstalled = onInstalled;
  }

  /** A reload has ended: start looking if it failed for a missing module, stop otherwise. */
  settled(outcome: Outcome): void {
    this.close();
    if (outcome.event !== "failed") return;
    const text = [outcome.reason, ...outcome.findings.map(({ text }) => text)].join("\n");
    // What was installed during the failed start counts, too.
    if (MISSING_MODULE.test(text)) this.#look(Date.now() - outcome.totalMs);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(since: number): void {
    let last = timesOf(this.#path);
    this.#timer = setInterval(() => {
      const now = timesOf(this.#path);
      const changed = [...now].find(([, time]) => time >= since);
      const isQuiet = [...now].every(([folder, time]) => last.get(folder) === time);
      last = now;
      if (changed === undefined || !isQuiet) return;
      this.close();
      this.#onInstalled(changed[0]);
    }, LOOK_MS);
  }
}

/** When something was last added to each folder, in ms since 1970. */
function timesOf(path: string): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  for (const folder of moduleFolders(path)) {
    const stat = statSync(folder, { throwIfNoEntry: false });
    if (stat !== undefined) times.set(folder, stat.mtimeMs);
  }
  return times;
}

/**
 * Where a plugin's modules are installed: beside it and above, with its interpreter, for the user.
 */
function moduleFolders(path: string): string[] {
  const folders: string[] = [];
  const prefixes = [...interpreterPrefixes(path), "/usr/local", "/usr"];
  const home = homeFolder();
  if (home !== undefined) prefixes.push(join(home, ".local"));
  for (let at = dirname(path); ; at = dirname(at)) {
    folders.push(join(at, "node_modules"));
    prefixes.push(join(at, ".venv"), join(at, "venv"));
    if (at === dirname(at)) break;
  }
  return [...folders, ...new Set(prefixes.flatMap(sitePackages))];
}

/** The folder of the interpreter in the `#!` line, as it is named and without symlinks. */
function interpreterPrefixes(path: string): string[] {
  const shebang = attempt(() => readShebang(readHead(path)));
  if (shebang === undefined || "fault" in shebang) return [];
  const named = shebang.path;
  return [named, realPathOf(named)].map((program) => dirname(dirname(program)));
}

function sitePackages(prefix: string): string[] {
  return namesIn(join(prefix, "lib"))
    .filter((name) => name.startsWith("python3"))
    .flatMap((name) =>
      ["site-packages", "dist-packages"].map((kind) => join(prefix, "lib", name, kind)),
    );
}
