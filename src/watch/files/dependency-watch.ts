/**
 * Notices when a module has been installed for a plugin that failed because one was missing. The
 * folders that modules are installed to are not part of a plugin's sources, so they are watched
 * only after such a failure.
 */
import { dirname, join } from "node:path";
import type { Outcome } from "../../events/watch-events.js";
import { attempt, namesIn, realPathOf, tryStat } from "../../filesystem/try-read.js";
import { homeFolder } from "../../plugin/file/home-folder.js";
import { readHead, readShebang } from "../../plugin/file/shebang.js";

/** What interpreters print when they cannot find a module. */
const MISSING_MODULE =
  /ModuleNotFoundError|ImportError|No module named|Cannot find (?:module|package)|MODULE_NOT_FOUND|cannot load such file|Can't locate \S+ in @INC/;
/**
 * How often the folders are checked, in ms. An installation is over when nothing has changed since
 * the previous check.
 */
const LOOK_MS = 1_000;

export class DependencyWatch {
  readonly #path: string;
  readonly #onInstalled: (folder: string) => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param onInstalled called with a folder that something was installed into */
  constructor(path: string, onInstalled: (folder: string) => void) {
    this.#path = path;
    this.#onInstalled = onInstalled;
  }

  /** Called when a reload has ended: watches if it failed for a missing module, else stops. */
  settled(outcome: Outcome): void {
    this.close();
    if (outcome.event !== "failed") return;
    const text = [outcome.reason, ...outcome.findings.map(({ text }) => text)].join("\n");
    // A module that was installed during the failed start counts, too.
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

/** Returns when each folder last changed, in ms since 1970. */
function timesOf(path: string): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  for (const folder of moduleFolders(path)) {
    const stat = tryStat(folder);
    if (stat !== undefined) times.set(folder, stat.mtimeMs);
  }
  return times;
}

/**
 * Returns where a plugin's modules may be installed: in its folder and the folders above, with its
 * interpreter, for the system, and for the user.
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

/**
 * Returns the installation prefix of the interpreter in the `#!` line, as named there and with
 * symlinks resolved.
 */
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
