/**
 * Which files belong to a plugin: the ones whose change is a reason to reload it. By default the
 * plugin file and the files of its language under its folder; `--watch` replaces that.
 */
import { existsSync, readFileSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, dirname, extname, join, relative, resolve, sep } from "node:path";
import ignore, { type Ignore } from "ignore";
import { languageOfProgram, type PluginLanguage } from "./language.js";
import { HEAD_BYTES, readShebang } from "./shebang.js";

export interface Belonging {
  /** The plugin file without symlinks. */
  readonly real: string;
  /** Every name that leads to it: the path as given, its real one, each symlink on the way. */
  readonly own: ReadonlySet<string>;
  /** Folders that are watched with all that is below them. */
  readonly trees: readonly string[];
  /** Folders of which only the named files count. */
  readonly files: readonly string[];
  /** Whether a file counts. @param path absolute */
  readonly includes: (path: string) => boolean;
  /** Whether a folder is looked into. @param path absolute */
  readonly enters: (path: string) => boolean;
  /** For a person: `*.py under /home/me/plugin`. */
  readonly description: string;
}

export interface BelongingSettings {
  readonly path: string;
  readonly watch: readonly string[];
  readonly ignore: readonly string[];
}

const LANGUAGES: readonly (readonly string[])[] = [
  [".py", ".pyi"],
  [".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"],
  [".sh", ".bash"],
  [".rb"],
  [".pl", ".pm"],
  [".lua"],
  [".php"],
];

const EXTENSION_OF: { readonly [language in PluginLanguage]?: string } = {
  python: ".py",
  node: ".js",
  shell: ".sh",
};

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

/** Works out what belongs to a plugin. The plugin file need not be there yet. */
export function belongingOf(settings: BelongingSettings): Belonging {
  const real = realPathOf(settings.path);
  const own = namesOf(settings.path);
  if (settings.watch.length > 0) return { real, own, ...watched(settings, own) };
  const folder = dirname(real);
  const extensions = extensionsOf(real);
  if (extensions.length === 0 || isShared(folder)) {
    return {
      real,
      own,
      trees: [],
      files: [...own],
      includes: (path) => own.has(path),
      enters: () => false,
      description: settings.path,
    };
  }
  const ignored = ignoredUnder(folder, settings.ignore);
  return {
    real,
    own,
    trees: [folder],
    files: [...own].filter((path) => dirname(path) !== folder),
    includes: (path) =>
      own.has(path) || (extensions.includes(extname(path)) && !ignored(path, false)),
    enters: (path) => path === folder || !ignored(path, true),
    description: `${extensions
      .slice(0, extensions[0] === ".js" ? 4 : 1)
      .map((extension) => `*${extension}`)
      .join(" ")} under ${folder}`,
  };
}

/** `--watch`: files as such, folders with all that is in them; the plugin itself always counts. */
function watched(
  settings: BelongingSettings,
  own: ReadonlySet<string>,
): Omit<Belonging, "real" | "own"> {
  const paths = settings.watch.map(realPathOf);
  const trees = paths.filter((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory());
  const files = new Set(
    [...own, ...settings.watch, ...paths].filter((path) => !trees.includes(path)),
  );
  const rules = trees.map((tree) => ({ tree, ignored: ignoredUnder(tree, settings.ignore) }));
  const inTree = (path: string, folder: boolean) =>
    rules.some(
      ({ tree, ignored }) => path === tree || (isBelow(tree, path) && !ignored(path, folder)),
    );
  return {
    trees,
    files: [...files].filter((path) => !trees.some((tree) => dirname(path) === tree)),
    includes: (path) => files.has(path) || inTree(path, false),
    enters: (path) => inTree(path, true),
    description: settings.watch.join(", "),
  };
}

/** Extensions of the plugin's language, its own first; none for a compiled or unknown plugin. */
function extensionsOf(path: string): readonly string[] {
  const extension = extname(path);
  const own = LANGUAGES.find((language) => language.includes(extension));
  if (own) return own;
  const shebang = readShebang(headOf(path));
  if ("fault" in shebang) return [];
  const extensionless = EXTENSION_OF[languageOfProgram(shebang.name)];
  return LANGUAGES.find((language) => language[0] === extensionless) ?? [];
}

function headOf(path: string): Buffer {
  try {
    return readFileSync(path).subarray(0, HEAD_BYTES);
  } catch {
    return Buffer.alloc(0);
  }
}

/** Folders that hold everybody's files: a plugin in one of them is watched alone. */
function isShared(folder: string): boolean {
  return [homedir(), tmpdir(), "/", "/tmp", "/usr/local/bin", "/usr/bin"].some(
    (shared) => folder === shared || folder === realPathOf(shared),
  );
}

/** What is left out below a folder: the usual folders, .gitignore files on the way, `--ignore`. */
function ignoredUnder(
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

function isBelow(folder: string, path: string): boolean {
  return path.startsWith(folder === sep ? folder : folder + sep);
}

/** The path, what each symlink on it points to, and so on: a change of any one is a change of the plugin. */
function namesOf(path: string): ReadonlySet<string> {
  const names = new Set<string>([path, realPathOf(path)]);
  const ways = [path];
  for (const way of ways) {
    const parts = way.split(sep);
    // From 3: a link directly under `/` (as /tmp is on macOS) is not one that somebody switches.
    for (let count = 3; count <= parts.length; count++) {
      const prefix = parts.slice(0, count).join(sep);
      const target = linkTarget(prefix);
      if (target === undefined) continue;
      names.add(prefix);
      const next = join(target, ...parts.slice(count));
      if (!ways.includes(next) && ways.length < MAX_LINKS) ways.push(next);
    }
  }
  return names;
}

/** As the kernel: more symlinks on a way are a loop (man 7 path_resolution). */
const MAX_LINKS = 40;

function linkTarget(path: string): string | undefined {
  try {
    return resolve(dirname(path), readlinkSync(path));
  } catch {
    return undefined;
  }
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // It is not there yet: its folder may be behind a symlink all the same.
    const parent = dirname(path);
    return parent === path ? path : join(realPathOf(parent), basename(path));
  }
}
