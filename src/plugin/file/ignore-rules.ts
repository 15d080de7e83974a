/** What is left out of a plugin's folder: the usual folders, .gitignore, `--ignore`. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import ignore, { type Ignore } from "ignore";

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
  // What editors leave beside a file while they save it.
  "*~",
  ".*.sw?",
  ".#*",
  "#*#",
  "4913",
];

/** What is left out below a folder: the usual folders, .gitignore files on the way, `--ignore`. */
export function ignoredUnder(
  root: string,
  patterns: readonly string[],
): (path: string, isFolder: boolean) => boolean {
  const own = ignore().add([...LEFT_OUT, ...patterns]);
  const git = new Map<string, Ignore | undefined>();
  const top = repositoryOf(root);
  return (path, isFolder) => {
    if (matches(own, root, path, isFolder)) return true;
    for (
      let folder = dirname(path);
      isBelow(top, folder) || folder === top;
      folder = dirname(folder)
    ) {
      if (!git.has(folder)) git.set(folder, readGitignore(folder));
      const rules = git.get(folder);
      if (rules && matches(rules, folder, path, isFolder)) return true;
      if (folder === dirname(folder)) break;
    }
    return false;
  };
}

function matches(rules: Ignore, from: string, path: string, isFolder: boolean): boolean {
  const inside = relative(from, path).split(sep).join("/");
  if (inside === "" || inside.startsWith("..")) return false;
  return rules.ignores(isFolder ? `${inside}/` : inside);
}

function readGitignore(folder: string): Ignore | undefined {
  const file = join(folder, ".gitignore");
  if (!existsSync(file)) return undefined;
  return ignore().add(readFileSync(file, "utf8"));
}

/** The git repository that a folder is in, or the folder itself. */
function repositoryOf(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, ".git"))) return at;
    if (at === dirname(at)) return folder;
  }
}

/** Whether a path lies in a folder, at any depth. */
export function isBelow(folder: string, path: string): boolean {
  return path.startsWith(folder === sep ? folder : folder + sep);
}
