/**
 * Which files belong to a plugin: the ones whose change is a reason to reload it. By default the
 * plugin file and the files of its language under its folder; `--watch` replaces that.
 */
import { statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, extname } from "node:path";
import { homeFolder } from "./home-folder.js";
import { IgnoreRules, isBelow } from "./ignore-rules.js";
import { languageOfProgram, type PluginLanguage } from "./language.js";
import { readHead, readShebang } from "./shebang.js";
import { namesOf, realPathOf } from "./symlinks.js";

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
  /** A build step makes the plugin from the sources under this folder. */
  readonly build?: { readonly cwd: string };
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

/** What a build step is fed with, beside the plugin's own language. */
const SOURCES = [".rs", ".go", ".c", ".h", ".cc", ".cpp", ".hpp", ".zig", ".java", ".kt", ".ts"];

const EXTENSION_OF: { readonly [language in PluginLanguage]?: string } = {
  python: ".py",
  node: ".js",
  shell: ".sh",
};

/** Works out what belongs to a plugin. The plugin file need not be there yet. */
export function belongingOf(settings: BelongingSettings): Belonging {
  const real = realPathOf(settings.path);
  const own = namesOf(settings.path);
  if (settings.watch.length > 0) return { real, own, ...watched(settings, own) };
  const extensions = extensionsOf(real);
  if (settings.build) {
    return { real, own, ...tree(settings.build.cwd, [...extensions, ...SOURCES], settings, own) };
  }
  const folder = dirname(real);
  if (extensions.length > 0 && !isShared(folder)) {
    return { real, own, ...tree(folder, extensions, settings, own) };
  }
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

type Watched = Omit<Belonging, "real" | "own">;

/** The files of some languages in a folder and below. */
function tree(
  folder: string,
  extensions: readonly string[],
  settings: BelongingSettings,
  own: ReadonlySet<string>,
): Watched {
  const root = realPathOf(folder);
  const rules = new IgnoreRules(root, settings.ignore);
  const shown = extensions.slice(0, extensions[0] === ".js" ? 4 : 1);
  const kinds = settings.build ? "sources" : shown.map((extension) => `*${extension}`).join(" ");
  return {
    trees: [root],
    files: [...own].filter((path) => dirname(path) !== root),
    includes: (path) =>
      own.has(path) ||
      (isBelow(root, path) && extensions.includes(extname(path)) && !rules.ignores(path, false)),
    enters: (path) => path === root || !rules.ignores(path, true),
    description: `${kinds} under ${root}`,
  };
}

/** `--watch`: files as such, folders with all that is in them; the plugin itself always counts. */
function watched(settings: BelongingSettings, own: ReadonlySet<string>): Watched {
  const paths = settings.watch.map(realPathOf);
  const trees = paths.filter((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory());
  const files = new Set(
    [...own, ...settings.watch, ...paths].filter((path) => !trees.includes(path)),
  );
  const rules = trees.map((tree) => ({ tree, rules: new IgnoreRules(tree, settings.ignore) }));
  const inTree = (path: string, folder: boolean) =>
    rules.some(
      ({ tree, rules }) => path === tree || (isBelow(tree, path) && !rules.ignores(path, folder)),
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
  const shebang = readShebang(headIfReadable(path));
  if ("fault" in shebang) return [];
  const extensionless = EXTENSION_OF[languageOfProgram(shebang.name)];
  return LANGUAGES.find((language) => language[0] === extensionless) ?? [];
}

function headIfReadable(path: string): Buffer {
  try {
    return readHead(path);
  } catch {
    return Buffer.alloc(0);
  }
}

/** Folders that hold everybody's files: a plugin in one of them is watched alone. */
function isShared(folder: string): boolean {
  return [homeFolder(), tmpdir(), "/", "/tmp", "/usr/local/bin", "/usr/bin"].some(
    (shared) => shared !== undefined && [shared, realPathOf(shared)].includes(folder),
  );
}
