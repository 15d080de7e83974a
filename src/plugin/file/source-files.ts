/**
 * Works out which files belong to a plugin: a change to any of them reloads it. By default these
 * are the plugin file and the files of its language below its folder, except tests. `--watch` adds
 * to them, `--only` replaces them.
 */
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, extname, resolve } from "node:path";
import { readRegularFile } from "../../filesystem/regular-file.js";
import { attempt, realPathOf, tryStat } from "../../filesystem/try-read.js";
import { homeFolder } from "./home-folder.js";
import { IgnoreRules, isBelow } from "./ignore-rules.js";
import { languageOfProgram, type PluginLanguage } from "./language.js";
import { readHead, readShebang } from "./shebang.js";
import { namesOf } from "./symlinks.js";

export interface SourceFiles {
  /** The path of the plugin file without symlinks. */
  readonly real: string;
  /** Every name that leads to it: the path as given, its real path, each symlink on the path. */
  readonly names: ReadonlySet<string>;
  /** Folders to watch with everything below them. */
  readonly trees: readonly SourceTree[];
  /** Files that count wherever they are. */
  readonly files: ReadonlySet<string>;
  /** Text for the terminal: `*.py under /home/me/plugin`. */
  readonly description: string;
}

/** A folder and the rules for what counts below it. All paths are absolute. */
export interface SourceTree {
  readonly root: string;
  readonly rules: IgnoreRules;
  /** Whether a file below the root counts. */
  readonly includes: (path: string) => boolean;
  /** Whether to search a folder. */
  readonly enters: (path: string) => boolean;
  /** Returns the .gitignore that is the only reason to leave a file out, if any. */
  readonly hiddenBy: (path: string) => string | undefined;
  /** Returns a tree for the same kinds of files below another folder. */
  readonly at: (root: string) => SourceTree;
}

export interface SourceSettings {
  readonly path: string;
  /** Additional files and folders. */
  readonly watch: readonly string[];
  /** Files and folders that replace the default; empty for the default. */
  readonly only: readonly string[];
  readonly ignore: readonly string[];
  /** Set if a build step makes the plugin from the sources under this folder. */
  readonly build?: { readonly cwd: string } | undefined;
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

/** The extensions of what a build step reads, besides the plugin's own language. */
const SOURCES = [".rs", ".go", ".c", ".h", ".cc", ".cpp", ".hpp", ".zig", ".java", ".kt", ".ts"];

/** Whether the build reads the file, as opposed to the running plugin. */
export function isBuildSource(path: string): boolean {
  return SOURCES.includes(extname(path));
}

const EXTENSION_OF: { readonly [language in PluginLanguage]?: string } = {
  python: ".py",
  node: ".js",
  shell: ".sh",
  perl: ".pl",
  ruby: ".rb",
  php: ".php",
  lua: ".lua",
};

/** Patterns for test files, which a plugin does not import. */
const TESTS = [
  "test_*.py",
  "*_test.py",
  "conftest.py",
  "*.test.*",
  "*.spec.*",
  "*_test.go",
  "tests/",
  "test/",
  "__tests__/",
];

/** Works out what belongs to a plugin. The plugin file need not exist yet. */
export function sourceFilesOf(settings: SourceSettings): SourceFiles {
  const real = realPathOf(settings.path);
  const names = namesOf(settings.path);
  const standard = settings.only.length > 0 ? { trees: [] } : standardTrees(settings, real);
  const added = [...settings.only, ...settings.watch];
  const paths = added.map(realPathOf);
  const trees = paths
    .filter(isFolder)
    .map((root) => treeOf(new IgnoreRules(root, settings.ignore), () => true, settings.ignore));
  const files = [...added, ...paths].filter((path) => !isFolder(path));
  const alone = standard.trees.length === 0 && added.length === 0 ? [settings.path] : [];
  const shown = standard.description === undefined ? [] : [standard.description];
  return {
    real,
    names,
    trees: [...standard.trees, ...trees],
    files: new Set([...names, ...files]),
    description: [...shown, ...added, ...alone].join(", "),
  };
}

interface StandardTrees {
  readonly trees: readonly SourceTree[];
  readonly description?: string;
}

/** Returns the plugin's sources in its folder: of its own language, or of all if it is built. */
function standardTrees(settings: SourceSettings, real: string): StandardTrees {
  const { build, ignore } = settings;
  const { extensions, elsewhere } = kindsOf(real);
  const kinds = build === undefined ? extensions : [...extensions, ...SOURCES];
  const folders = [build?.cwd ?? dirname(real), ...elsewhere].map(realPathOf);
  // In a shared folder, watch the plugin file alone.
  const own = folders.filter((folder) => build !== undefined || !isShared(folder));
  const roots = [...new Set(own)].filter(
    (root, _, all) => !all.some((other) => other !== root && isBelow(other, root)),
  );
  if (kinds.length === 0 || roots.length === 0) return { trees: [] };
  const counts = (path: string) => kinds.includes(extname(path));
  const patterns = [...TESTS, ...ignore];
  const shown = extensions.slice(0, extensions[0] === ".js" ? 4 : 1);
  const what = build ? "sources" : shown.map((extension) => `*${extension}`).join(" ");
  return {
    trees: roots.map((root) => treeOf(new IgnoreRules(root, patterns), counts, patterns)),
    description: `${what} under ${roots.join(", ")}`,
  };
}

function treeOf(
  rules: IgnoreRules,
  counts: (path: string) => boolean,
  patterns: readonly string[],
): SourceTree {
  const { root } = rules;
  return {
    root,
    rules,
    includes: (path) => isBelow(root, path) && counts(path) && !rules.ignores(path, false),
    enters: (path) => path === root || (isBelow(root, path) && !rules.ignores(path, true)),
    hiddenBy: (path) => {
      const isCandidate = isBelow(root, path) && counts(path) && !rules.leavesOut(path, false);
      return isCandidate ? rules.hiddenBy(path, false) : undefined;
    },
    at: (other) => treeOf(new IgnoreRules(other, patterns), counts, patterns),
  };
}

interface Kinds {
  /** File extensions, the plugin's own first; empty for a compiled or unknown plugin. */
  readonly extensions: readonly string[];
  /** Other folders from which a wrapper script runs code. */
  readonly elsewhere: readonly string[];
}

function kindsOf(path: string): Kinds {
  const own = extensionsOf(path);
  if (own[0] !== ".sh") return { extensions: own, elsewhere: [] };
  const { extensions, folders } = startedBy(path);
  return { extensions: [...new Set([...own, ...extensions])], elsewhere: folders };
}

function extensionsOf(path: string): readonly string[] {
  const byName = languageOfExtension(extname(path));
  if (byName.length > 0) return byName;
  const shebang = readShebang(attempt(() => readHead(path)) ?? Buffer.alloc(0));
  // A program that is not installed here still reveals the language.
  const program = "name" in shebang ? shebang.name : undefined;
  if (program === undefined) return [];
  return languageOfExtension(EXTENSION_OF[languageOfProgram(program)]);
}

function languageOfExtension(extension: string | undefined): readonly string[] {
  if (extension === undefined) return [];
  return LANGUAGES.find((language) => language.includes(extension)) ?? [];
}

const MAX_WRAPPER_BYTES = 64 * 1024;

/** Finds what a shell script runs: `exec python3 main.py`, `uv run "$DIR/../src/main.py"`. */
function startedBy(path: string): { extensions: string[]; folders: string[] } {
  const code = textOf(path).replace(/^\s*#.*$/gm, "");
  const words = code.split(/[\s;&|()"'`]+/);
  const extensions: string[] = [];
  const folders: string[] = [];
  for (const word of words) {
    const program = languageOfExtension(EXTENSION_OF[languageOfProgram(basename(word))]);
    const file = languageOfExtension(extname(word));
    extensions.push(...program, ...file);
    // In most wrappers, a variable at the start of a path is the script's own folder.
    const named = resolve(dirname(path), word.replace(/^\$\{?\w+\}?\//, ""));
    if (file.length > 0 && existsSync(named)) folders.push(dirname(named));
  }
  return { extensions, folders };
}

function textOf(path: string): string {
  return (
    attempt(() => readRegularFile(path, { maxBytes: MAX_WRAPPER_BYTES }).toString("utf8")) ?? ""
  );
}

function isFolder(path: string): boolean {
  return tryStat(path)?.isDirectory() === true;
}

/** Whether a folder also holds unrelated files, such as the home folder or /tmp. */
export function isShared(folder: string): boolean {
  return [homeFolder(), tmpdir(), "/", "/tmp", "/usr/local/bin", "/usr/bin"].some(
    (shared) => shared !== undefined && [shared, realPathOf(shared)].includes(folder),
  );
}
