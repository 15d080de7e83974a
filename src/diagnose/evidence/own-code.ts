/**
 * The plugin's own code: which frames of a trace are in it, and its lines. Developers can fix their
 * own code; library frames only lead there.
 */
import { existsSync } from "node:fs";
import { dirname, extname, isAbsolute, join, resolve, sep } from "node:path";
import { readRegularFile } from "../../filesystem/regular-file.js";
import { attempt, entriesIn } from "../../filesystem/try-read.js";
import { homeFolder } from "../../plugin/file/home-folder.js";
import type { PluginLanguage } from "../../plugin/file/language.js";
import type { PluginFile } from "../../plugin/file/plugin-file.js";
import type { TraceFrame } from "../trace/trace.js";

/** Longer files are not searched, in bytes: they are bundles and data. */
const MAX_SOURCE_BYTES = 512 * 1024;
const MAX_SOURCES = 60;

/** Parts of a path that show that a file belongs to someone else. */
const FOREIGN =
  /[/\\](node_modules|site-packages|dist-packages|\.?venv|lib[/\\]python[\d.]*|\.cargo|\.rustup|\.pyenv|pkg[/\\]mod)[/\\]|^node:|^</;

const EXTENSIONS: Readonly<Record<PluginLanguage, readonly string[]>> = {
  python: [".py"],
  node: [".js", ".mjs", ".cjs", ".ts"],
  shell: [".sh", ".bash", ".py", ".js"],
  go: [".go"],
  rust: [".rs"],
  binary: [".c", ".h", ".cc", ".cpp"],
  perl: [".pl", ".pm"],
  ruby: [".rb"],
  php: [".php"],
  lua: [".lua"],
  other: [],
};

/**
 * The folder whose files are the plugin's own; for a compiled plugin, the one with its build files.
 */
function ownFolder(file: PluginFile): string {
  const start = dirname(file.realPath);
  const marker = { rust: "Cargo.toml", go: "go.mod" }[String(file.language)];
  if (marker === undefined) return start;
  for (let folder = start; folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, marker))) return folder;
  }
  return start;
}

/** The frame's file as an absolute path, if it is the plugin's own. */
export function ownFile(file: PluginFile, frame: TraceFrame): string | undefined {
  if (FOREIGN.test(frame.file)) return undefined;
  const folder = ownFolder(file);
  const path = isAbsolute(frame.file) ? frame.file : resolve(folder, frame.file);
  if (path === file.path || path === file.realPath) return path;
  if (!path.startsWith(folder + sep) || !existsSync(path)) return undefined;
  return path;
}

/** The code of that line, trimmed. */
export function codeAt(path: string, line: number): string | undefined {
  const code = readSource(path)?.split("\n")[line - 1]?.trim();
  return code === "" ? undefined : code;
}

/** Absolute paths of the plugin's own source files, the plugin itself first. */
export function ownSources(file: PluginFile): string[] {
  const isScript = file.interpreter !== undefined;
  const folder = ownFolder(file);
  const isShared = folder === homeFolder() || folder === "/" || folder === "/tmp";
  const others = isShared ? [] : sourcesUnder(folder, EXTENSIONS[file.language], 2);
  const all = isScript ? [file.realPath, ...others] : others;
  return [...new Set(all)].slice(0, MAX_SOURCES);
}

/** The text of a source file; undefined if it cannot be read or is unusually large. */
export function readSource(path: string): string | undefined {
  return attempt(() => readRegularFile(path, { maxBytes: MAX_SOURCE_BYTES }).toString("utf8"));
}

function sourcesUnder(folder: string, extensions: readonly string[], depth: number): string[] {
  const entries = entriesIn(folder).filter((entry) => !entry.name.startsWith("."));
  const files = entries
    .filter((entry) => entry.isFile() && extensions.includes(extname(entry.name)))
    .map((entry) => join(folder, entry.name));
  if (depth === 0) return files;
  const folders = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name))
    .filter((path) => !FOREIGN.test(`${path}/`) && !/[/\\](target|dist|build)$/.test(path))
    .slice(0, 20);
  return [...files, ...folders.flatMap((path) => sourcesUnder(path, extensions, depth - 1))];
}
