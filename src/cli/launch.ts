/**
 * Starts the command line with what V8 compiled in an earlier run: 5 of the 18 ms that a short
 * command takes beside Node's own start. Node 22.1 and later can do that by themselves.
 */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { Script } from "node:vm";

/** What newer ones than Node 20 have. */
type NodeModule = { readonly enableCompileCache?: (folder: string) => void };
type Require = (id: string) => unknown;
type Body = (exports: object, require: Require, module: object, ...names: string[]) => void;

/** What older versions left. What is still used is made again. */
const OLD_MS = 30 * 24 * 3_600_000;

/** What `require` puts around a module. */
const HEAD = Buffer.from("(function (exports, require, module, __filename, __dirname) {");
const TAIL = Buffer.from("\n})");

const loaded = new Map<string, { exports: object }>();

/** One for each file: as many listeners for the end would be warned of. */
const toKeep: (() => void)[] = [];

launch();

function launch(): void {
  const program = join(__dirname, "cli.js");
  const { HOME, XDG_CACHE_HOME } = process.env;
  const caches = join(XDG_CACHE_HOME || (HOME ? join(HOME, ".cache") : "."), "cln-dev");
  // A watch sets flags of V8, which takes no code that was compiled under others.
  if (!isAbsolute(caches) || process.argv.includes("watch")) require(program);
  else if (process.version.startsWith("v20.")) {
    if (isOwn(caches)) load(program, caches);
    else require(program);
  } else {
    const { enableCompileCache }: NodeModule = require("node:module");
    enableCompileCache?.(caches);
    require(program);
  }
}

/** Nobody else can have written what is there, which is run. It may also not be there yet. */
function isOwn(folder: string): boolean {
  try {
    const stat = statSync(folder, { throwIfNoEntry: false });
    return stat === undefined || (stat.uid === process.getuid?.() && (stat.mode & 0o022) === 0);
  } catch {
    return false;
  }
}

/** What `require` does, for a file of ours. */
function load(file: string, caches: string): object {
  const before = loaded.get(file);
  if (before) return before.exports;
  const made = { exports: {} };
  loaded.set(file, made);
  const folder = dirname(file);
  const requireFrom: Require = (id) =>
    id.startsWith(".") ? load(join(folder, id), caches) : require(id);
  compile(file, caches)(made.exports, requireFrom, made, file, folder);
  return made.exports;
}

function compile(file: string, caches: string): Body {
  const { size, mtimeMs } = statSync(file);
  // V8 itself looks at no more than the length of the source.
  const key = [CLN_DEV_VERSION, process.version, process.arch, size, mtimeMs, file].join(" ");
  const kept = join(caches, `${hash(key)}.code`);
  const cachedData = readOwn(kept, key);
  // The build leaves ASCII alone in them: the shortest and fastest kind of text in V8.
  const source = Buffer.concat([HEAD, readFileSync(file), TAIL]).toString("latin1");
  const script = new Script(source, { filename: file, ...(cachedData && { cachedData }) });
  if (cachedData === undefined || script.cachedDataRejected) {
    // Only at the end it is known which functions such a command needs.
    if (toKeep.push(() => keep(kept, key, script)) === 1) {
      process.once("exit", () => {
        for (const write of toKeep) write();
      });
    }
  }
  return script.runInThisContext() as Body;
}

function readOwn(path: string, key: string): Buffer | undefined {
  try {
    const content = readFileSync(path);
    const isOurs = content.toString("utf8", 0, Buffer.byteLength(key)) === key;
    return isOurs ? content.subarray(Buffer.byteLength(key)) : undefined;
  } catch {
    return undefined;
  }
}

function keep(path: string, key: string, script: Script): void {
  const folder = dirname(path);
  const unfinished = `${path}.${process.pid}`;
  try {
    // One by one: `recursive` never ends where a folder that is there takes no other (/proc).
    for (const level of [dirname(folder), folder]) makeUnlessThere(level);
    const descriptor = openSync(unfinished, "wx", 0o600);
    writeSync(descriptor, key);
    writeSync(descriptor, script.createCachedData());
    // V8 would crash of a file whose end the disk has lost.
    fsyncSync(descriptor);
    closeSync(descriptor);
    renameSync(unfinished, path);
    for (const name of readdirSync(folder)) {
      const other = join(folder, name);
      if (Date.now() - statSync(other).mtimeMs > OLD_MS) rmSync(other);
    }
  } catch {
    // It is for speed alone: where nothing can be written, everything is compiled again.
  }
}

function makeUnlessThere(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false }) === undefined) mkdirSync(folder, { mode: 0o700 });
}

/** Short and good enough: the whole key stands in the file. */
function hash(text: string): string {
  let value = 0;
  for (let at = 0; at < text.length; at++) {
    value = Math.imul(value ^ text.charCodeAt(at), 16_777_619);
  }
  return (value >>> 0).toString(36);
}
