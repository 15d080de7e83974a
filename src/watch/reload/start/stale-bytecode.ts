/**
 * Removes bytecode that Python would run in place of a saved source. Python takes a `.pyc` for
 * current if its header holds the source's size and its mtime in whole seconds (PEP 552). So a
 * module that is saved twice within one second at the same size, or put back with its old time
 * stamp (`cp -p`, `rsync -t`), would run as its previous version.
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

/** PEP 552: magic number, flags, mtime or hash. */
const HEADER_BYTES = 16;
/** Bytecode written within this time after its source changed may be of the previous content. */
const WRITE_MS = 1_000;
/** How many folders of a large tree are searched. */
const MAX_FOLDERS = 2_000;
/** Between two turns of the event loop. */
const FOLDERS_AT_ONCE = 20;
const FILES_AT_ONCE = 200;

interface BytecodeOptions {
  readonly plugin: PluginSettings;
  /** Files that changed since the last start; undefined if unknown: all are checked. */
  readonly changed: readonly string[] | undefined;
  /** Absolute values of PYTHONPYCACHEPREFIX that the plugin may run with. */
  readonly prefixes: readonly string[];
}

/** @returns stale bytecode that cannot be removed: Python will run it */
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

/** The folders that hold the plugin's modules, as far as they are watched. */
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
 * The bytecode in a folder by the name of its module: `helper.cpython-311.pyc` and
 * `helper.cpython-311.opt-1.pyc` are of `helper`.
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

/** Whether Python would run it although the source may have changed. */
function isStale(cache: string, source: string, isChanged: boolean): boolean {
  const header = headerOf(cache);
  const file = statOf(source);
  const cached = statOf(cache);
  if (header === undefined || file === undefined || cached === undefined) return false;
  const flags = header.readUInt32LE(4);
  const isChecked = (flags & 2) !== 0;
  const isByHash = (flags & 1) !== 0;
  // Python compares the source's hash itself.
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
 * Where a plugin's bytecode may be, besides `__pycache__`.
 * @param shebang the plugin's `#!` line: `-X pycache_prefix=PATH`
 * @param pids processes of the node, or of the plugin: the next start has their environment
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

/** Removes what Python would take for the saved code, before the plugin is started. */
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
