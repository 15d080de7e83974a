/** Decides what to ignore in a plugin's folder: the usual folders, .gitignore, `--ignore`. */
import { statSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import ignore, { type Ignore } from "ignore";
import { messageOf, systemCode } from "../../errors/failure.js";
import { isTrustedOwner } from "../../filesystem/owner.js";
import { readRegularFile } from "../../filesystem/regular-file.js";

const LEFT_OUT = [
  ".git",
  ".hg",
  ".svn",
  "node_modules",
  "__pycache__",
  ".venv",
  "venv",
  ".tox",
  ".mypy_cache",
  ".pytest_cache",
  ".ruff_cache",
  "target",
  "dist",
  "build",
  // Files that editors keep next to a file while they save it.
  "*~",
  ".*.sw?",
  ".#*",
  "#*#",
  "4913",
];

const MAX_GITIGNORE_BYTES = 1024 * 1024;

/**
 * The rules for one folder: the usual folders, the .gitignore files on the path, `--ignore`.
 */
export class IgnoreRules {
  readonly root: string;
  readonly #own: Ignore;
  /** The topmost folder whose .gitignore counts. */
  readonly #top: string;
  /** The .gitignore rules by folder, read on demand. */
  readonly #git = new Map<string, Ignore | undefined>();
  readonly #problems = new Map<string, string>();

  /** @param patterns as in a .gitignore in `root` */
  constructor(root: string, patterns: readonly string[]) {
    this.root = root;
    this.#own = ignore().add([...LEFT_OUT, ...patterns]);
    this.#top = repositoryOf(root);
  }

  /** The paths where a .gitignore for the root may be: in the root and in the folders above it. */
  get files(): readonly string[] {
    const files: string[] = [];
    for (let folder = this.root; ; folder = dirname(folder)) {
      files.push(join(folder, ".gitignore"));
      if (folder === this.#top || folder === dirname(folder)) return files;
    }
  }

  /** The .gitignore files that cannot be read, with the reason. They are treated as absent. */
  get problems(): ReadonlyMap<string, string> {
    return this.#problems;
  }

  /** Whether a path is ignored, for any reason. @param path absolute */
  ignores(path: string, isFolder: boolean): boolean {
    return this.leavesOut(path, isFolder) || this.hiddenBy(path, isFolder) !== undefined;
  }

  /** Whether a path is ignored by the usual list or by `--ignore`. */
  leavesOut(path: string, isFolder: boolean): boolean {
    return testOf(this.#own, this.root, path, isFolder) === "ignored";
  }

  /** Returns the .gitignore that ignores a path, if any. The nearest one decides, as in git. */
  hiddenBy(path: string, isFolder: boolean): string | undefined {
    for (let folder = dirname(path); ; folder = dirname(folder)) {
      if (folder !== this.#top && !isBelow(this.#top, folder)) return undefined;
      const rules = this.#rulesOf(folder);
      const verdict = rules && testOf(rules, folder, path, isFolder);
      if (verdict === "ignored") return join(folder, ".gitignore");
      if (verdict === "unignored" || folder === dirname(folder)) return undefined;
    }
  }

  /** Makes the next query read the .gitignore files again. */
  forget(): void {
    this.#git.clear();
    this.#problems.clear();
  }

  #rulesOf(folder: string): Ignore | undefined {
    if (!this.#git.has(folder)) this.#git.set(folder, this.#read(folder));
    return this.#git.get(folder);
  }

  #read(folder: string): Ignore | undefined {
    const file = join(folder, ".gitignore");
    try {
      const content = readRegularFile(file, { maxBytes: MAX_GITIGNORE_BYTES });
      const rules = ignore().add(content.toString("utf8"));
      // Skip a repository that ignores the whole root, such as dotfiles in a home folder.
      const isForeign =
        folder !== this.root && testOf(rules, folder, this.root, true) === "ignored";
      return isForeign ? undefined : rules;
    } catch (error) {
      const code = systemCode(error);
      if (code !== "ENOENT" && code !== "ENOTDIR") this.#problems.set(file, messageOf(error));
      return undefined;
    }
  }
}

function testOf(
  rules: Ignore,
  from: string,
  path: string,
  isFolder: boolean,
): "ignored" | "unignored" | "nothing" {
  const inside = relative(from, path).split(sep).join("/");
  if (inside === "" || inside.startsWith("..")) return "nothing";
  const { ignored, unignored } = rules.test(isFolder ? `${inside}/` : inside);
  if (ignored) return "ignored";
  return unignored ? "unignored" : "nothing";
}

/**
 * Returns the root of the git repository that a folder is in, or the folder itself if there is
 * none. A repository above the folder does not count if another user owns it.
 */
function repositoryOf(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    const git = statSync(join(at, ".git"), { throwIfNoEntry: false });
    if (git !== undefined) return at === folder || isTrustedOwner(git) ? at : folder;
    if (at === dirname(at)) return folder;
  }
}

/** Whether a path is inside a folder, at any depth. */
export function isBelow(folder: string, path: string): boolean {
  return path.startsWith(folder === sep ? folder : folder + sep);
}
