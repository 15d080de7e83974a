/**
 * Removes bytecode that Python would run in place of a saved source. Python considers a `.pyc`
 * current if its header holds the source's size and its mtime in whole seconds (PEP 552). So the
 * previous version of a module would run if the module is saved twice within one second at the same
 * size, or restored with its old time stamp (`cp -p`, `rsync -t`).
 */
import { closeSync, readSync, rmSync, type Stats } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { openRegularFile } from "../../../filesystem/regular-file.js";
import { entriesIn, realPathOf, tryStat } from "../../../filesystem/try-read.js";
import { nodePid } from "../../../node/node-process.js";
import { environmentOf } from "../../../node/process-table.js";
import type { PluginFile } from "../../../plugin/file/plugin-file.js";
import { sourceFilesOf } from "../../../plugin/file/source-files.js";
import type { PluginSettings } from "../../../settings/types.js";
import { type AttemptContext, warn } from "../attempt-context.js";

/** The size of a `.pyc` header (PEP 552: magic number, flags, then mtime and size, or a hash). */
const HEADER_BYTES = 16;
/** Bytecode written within this time after its source, in ms, may be of the previous content. */
const WRITE_MS = 1_000;
/** How many folders of a large tree are searched at most. */
const MAX_FOLDERS = 2_000;
/** How many folders, or files, are checked in one turn of the event loop. */
const FOLDERS_AT_ONCE = 20;
const FILES_AT_ONCE = 200;

interface BytecodeOptions {
  readonly plugin: PluginSettings;
  /** Files that changed since the last start; undefined if unknown, to check all of them. */
  readonly changed: readonly string[] | undefined;
  /** Absolute values of PYTHONPYCACHEPREFIX that the plugin may run with. */
  readonly prefixes: readonly string[];
}

/** Removes stale bytecode. @returns what cannot be removed, and Python therefore runs */
async function removeStaleBytecode(options: BytecodeOptions): Promise<readonly string[]> {
  const { plugin, changed, prefixes } = options;
  const notRemoved: string[] = [];
  const listings = new Map<string, ReadonlyMap<string, readonly string[]>>();
  const cachesOf = (source: string, folder: string) => {
    const listing = listings.get(folder) ?? cachesIn(folder);
    listings.set(folder, listing);
    return listing.get(basename(source, ".py")) ?? [];
  };
  const check = (source: string, isChanged: boolean) => {
    for (const folder of cacheFolders(source, prefixes)) {
      for (const cache of cachesOf(source, folder)) {
        if (isStale(cache, source, isChanged) && !removed(cache)) notRemoved.push(cache);
      }
    }
  };
  if (changed !== undefined) {
    for (const [index, path] of changed.entries()) {
      if (path.endsWith(".py")) check(path, true);
      if (index % FILES_AT_ONCE === FILES_AT_ONCE - 1) await new Promise(setImmediate);
    }
    return notRemoved;
  }
  let folders = 0;
  for (const folder of foldersOf(plugin)) {
    for (const { name } of entriesIn(folder)) {
      if (name.endsWith(".py")) check(join(folder, name), false);
    }
    if (++folders === MAX_FOLDERS) break;
    if (folders % FOLDERS_AT_ONCE === 0) await new Promise(setImmediate);
  }
  return notRemoved;
}

/** Yields the watched folders that may hold the plugin's modules. */
function* foldersOf(plugin: PluginSettings): Generator<string> {
  const { trees, real } = sourceFilesOf(plugin);
  const due = [...new Set([...trees.map(({ root }) => root), dirname(real)])];
  const seen = new Set(due);
  for (let folder = due.pop(); folder !== undefined; folder = due.pop()) {
    yield folder;
    for (const entry of entriesIn(folder)) {
      const path = join(folder, entry.name);
      if (!entry.isDirectory() || seen.has(path) || !trees.some((tree) => tree.enters(path)))
        continue;
      seen.add(path);
      due.push(path);
    }
  }
}

function cacheFolders(source: string, prefixes: readonly string[]): string[] {
  const folder = dirname(source);
  const names = new Set([folder, realPathOf(folder)]);
  const elsewhere = prefixes.flatMap((prefix) => [...names].map((name) => join(prefix, name)));
  return [join(folder, "__pycache__"), ...elsewhere];
}

/**
 * Lists the bytecode in a folder by module name: `helper.cpython-311.pyc` and
 * `helper.cpython-311.opt-1.pyc` belong to `helper`.
 */
function cachesIn(folder: string): ReadonlyMap<string, readonly string[]> {
  const caches = new Map<string, string[]>();
  for (const { name } of entriesIn(folder)) {
    const module = /^(.+?)\.[\w-]+(?:\.opt-\w+)?\.pyc$/.exec(name)?.[1];
    if (module === undefined) continue;
    const known = caches.get(module);
    if (known === undefined) caches.set(module, [join(folder, name)]);
    else known.push(join(folder, name));
  }
  return caches;
}

/** Whether Python would run the bytecode although its source may have changed. */
function isStale(cache: string, source: string, isChanged: boolean): boolean {
  const header = headerOf(cache);
  const file = statOf(source);
  const cached = statOf(cache);
  if (header === undefined || file === undefined || cached === undefined) return false;
  const flags = header.readUInt32LE(4);
  const isChecked = (flags & 2) !== 0;
  const isByHash = (flags & 1) !== 0;
  // Python compares the hash of the source itself.
  if (isByHash && isChecked) return false;
  const isTaken =
    isByHash ||
    (header.readUInt32LE(8) === Math.floor(file.mtimeMs / 1000) % 2 ** 32 &&
      header.readUInt32LE(12) === file.size % 2 ** 32);
  return isTaken && (isChanged || cached.mtimeMs < file.ctimeMs + WRITE_MS);
}

function headerOf(path: string): Buffer | undefined {
  try {
    const file = openRegularFile(path);
    try {
      const header = Buffer.alloc(HEADER_BYTES);
      return readSync(file, header, 0, HEADER_BYTES, 0) === HEADER_BYTES ? header : undefined;
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}

function removed(path: string): boolean {
  try {
    rmSync(path, { force: true });
    return true;
  } catch {
    return false;
  }
}

function statOf(path: string): Stats | undefined {
  const stat = tryStat(path);
  return stat?.isFile() ? stat : undefined;
}

/**
 * Returns where a plugin's bytecode may be, besides `__pycache__`.
 * @param shebang the plugin's `#!` line, which may contain `-X pycache_prefix=PATH`
 * @param pids processes of the node or the plugin: the next start inherits their environment
 * @param cwd the plugin's working directory: the node's network directory
 */
export function pycachePrefixes(
  shebang: string,
  pids: readonly number[],
  cwd: string,
): readonly string[] {
  const given = /pycache_prefix=(\S+)/.exec(shebang)?.[1];
  const found = new Set(given === undefined ? [] : [given]);
  for (const pid of pids) {
    const value = environmentOf(pid)?.PYTHONPYCACHEPREFIX;
    if (value !== undefined) found.add(value);
  }
  return [...found].filter((prefix) => prefix !== "").map((prefix) => resolve(cwd, prefix));
}

/** Removes the plugin's stale bytecode before a start, and warns about what it cannot remove. */
export async function removeStaleBytecodeOf(
  context: AttemptContext,
  file: PluginFile,
): Promise<void> {
  const { options } = context;
  const { plugin, node, name } = options.target;
  const pid = nodePid(node.lightningDir, node.network);
  const pids = pid === undefined ? [] : [pid];
  const notRemoved = await removeStaleBytecode({
    plugin,
    changed: options.changedFiles(),
    prefixes: [
      ...options.pycachePrefixes,
      ...pycachePrefixes(file.interpreter?.line ?? "", pids, node.networkDir),
    ],
  });
  for (const path of notRemoved) {
    warn(
      context,
      `${name.plugin} may run the previous version: Python takes ${path} for current, and it cannot be removed`,
    );
  }
}
