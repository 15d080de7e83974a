/**
 * The files of one plugin in hot mode. Each plugin on each node has a private directory, with the
 * fronts that the node starts and the description that the host reads. The watch session and
 * `cln-dev hot-path` write them; the host and everything that must recognize a front read them.
 */
import { readFileSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { Failure, messageOf, systemCode } from "../../errors/failure.js";
import { makePrivateFolder, whyNotPrivate } from "../../filesystem/private-folder.js";
import { replaceFile } from "../../filesystem/replace-file.js";
import { attempt, realPathOf } from "../../filesystem/try-read.js";
import { DESCRIPTION, type HotDescription, readDescription } from "../../hot/description.js";
import { quoteWord } from "../../plugin/shell-words.js";

export interface HotFolder {
  readonly path: string;
  /** The front that a session lets the node start: its manifest is dynamic. */
  readonly front: string;
  /** The front that the node's own config starts: its manifest is the plugin's. */
  readonly atStart: string;
  /** A front that joins a running host. */
  readonly joining: string;
  /** The host's control socket. */
  readonly control: string;
}

/** Loads a module on demand: `list` only reads fronts, and should not load what writing needs. */
const load = process.getBuiltinModule;

const PROGRAM = { mode: 0o700 };
/** Matches a folder's name, see {@link hotFolder}: rules out most plugins, which are not fronts. */
const FOLDER_NAME = /^[0-9a-f]{16}$/;
const REMOVE_TRIES = 50;
const REMOVE_RETRY_MS = 20;

/** Returns `$XDG_CACHE_HOME/cln-dev/hot`, or `~/.cache/cln-dev/hot`. */
function hotRoot(env: NodeJS.ProcessEnv = process.env): string {
  const cache = env.XDG_CACHE_HOME;
  return join(cache?.startsWith("/") ? cache : join(homedir(), ".cache"), "cln-dev", "hot");
}

/**
 * Returns the names of a plugin's files. Writes nothing.
 * @param plugin its canonical path
 * @param node the path of the node's rpc-file
 */
export function hotFolder(plugin: string, node: string): HotFolder {
  // The result must be the same before and after the node has created its folders.
  const real = join(realPathOf(dirname(node)), basename(node));
  const { createHash } = load("node:crypto");
  const name = createHash("sha256").update(`${real}\0${plugin}`).digest("hex").slice(0, 16);
  return folderAt(join(hotRoot(), name), basename(plugin));
}

function folderAt(path: string, name: string): HotFolder {
  return {
    path,
    front: join(path, name),
    atStart: join(path, "at-start", name),
    joining: join(path, "joining", name),
    control: join(path, "control"),
  };
}

/**
 * Creates the folder and the fronts in it.
 * @param host the absolute path of the host's program
 * @throws Failure `hot-folder`: it cannot be written, is not private, or programs cannot run there
 */
export function writeFronts(description: HotDescription, host: string): HotFolder {
  const folder = hotFolder(description.plugin, description.node);
  try {
    for (const path of [folder.path, dirname(folder.atStart), dirname(folder.joining)]) {
      makePrivateFolder(path);
      const why = whyNotPrivate(path);
      if (why !== undefined) throw unusable(path, why);
    }
    describe(folder, description);
    const text = (mode: string) => frontText({ folder: folder.path, host, mode });
    replaceFile(folder.front, text("dynamic"), PROGRAM);
    replaceFile(folder.atStart, text("at-start"), PROGRAM);
    replaceFile(folder.joining, joiningText(folder.path), PROGRAM);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw unusable(folder.path, messageOf(error), error);
  }
  refuseNoexec(folder);
  return folder;
}

/** Writes the description: how the next version is run. @throws Error from the file system */
export function describe(folder: HotFolder, description: HotDescription): void {
  const file = join(folder.path, DESCRIPTION);
  const atStart = description.atStart ?? readDescription(folder.path)?.atStart;
  const text = `${JSON.stringify({ ...description, atStart })}\n`;
  if (attempt(() => readFileSync(file, "utf8")) !== text) replaceFile(file, text);
}

/**
 * Removes everything that {@link writeFronts} created, unless the node's config starts the front.
 * Retries for a while, since a host that is just ending may still write there.
 */
export async function removeFronts({ path }: HotFolder): Promise<void> {
  if (readDescription(path)?.atStart) return;
  for (let left = REMOVE_TRIES; left > 0; left--) {
    try {
      rmSync(path, { recursive: true, force: true });
      return;
    } catch {
      await load("node:timers/promises").setTimeout(REMOVE_RETRY_MS);
    }
  }
}

/**
 * Returns the front at a path of `plugin list`, if it is one of ours.
 * @param path absolute, as the node lists it
 */
function frontAt(path: string): { folder: HotFolder; plugin: string } | undefined {
  const parent = dirname(path);
  const isInner = ["at-start", "joining"].includes(basename(parent));
  const folder = folderAt(isInner ? dirname(parent) : parent, basename(path));
  if (!FOLDER_NAME.test(basename(folder.path))) return undefined;
  const description = readDescription(folder.path);
  return description === undefined ? undefined : { folder, plugin: description.plugin };
}

/** Whether a path of `plugin list` is a front that any node's own config starts. */
export function isAtStart(path: string): boolean {
  return basename(dirname(path)) === "at-start" && frontAt(path) !== undefined;
}

/** Whether the node's config starts this plugin's front. */
export function isStartedByNode(folder: HotFolder): boolean {
  return readDescription(folder.path)?.atStart === true;
}

/**
 * Removes the files of a front that was stopped, unless the node's own config starts it.
 * @param path as the node listed it
 */
export async function removeStoppedFront(path: string): Promise<void> {
  const front = frontAt(path);
  if (front !== undefined) await removeFronts(front.folder);
}

/** Returns the plugin behind a path of `plugin list`; the same path if it is not a front. */
export function pluginBehind(path: string): string {
  return frontAt(path)?.plugin ?? path;
}

/** Checks that programs can run in the folder: runs the front once, without a host. */
function refuseNoexec({ path, front }: HotFolder): void {
  const { spawnSync } = load("node:child_process");
  const { error } = spawnSync(front, ["--cln-dev-try"], { stdio: "ignore", timeout: 5_000 });
  if (error !== undefined) {
    const why =
      systemCode(error) === "EACCES" ? "programs cannot run there (noexec)" : error.message;
    throw unusable(path, why, error);
  }
}

function unusable(folder: string, why: string, cause?: unknown): Failure {
  return new Failure({
    kind: "hot-folder",
    what: `the folder for hot mode cannot be used: ${folder}`,
    why,
    fix: "Set XDG_CACHE_HOME to a private directory where programs can run, or leave --hot out",
    exitCode: 2,
    cause,
  });
}

/**
 * Shell code that ends the versions that a killed host has left behind. The file `children` holds
 * their process ids and start times: a process is ended only if both match.
 */
const END_CHILDREN = `end_children() {
  while read -r pid start; do
    read -r line < "/proc/$pid/stat" || continue
    set -- \${line##*) }
    shift 19
    [ "$1" = "$start" ] && kill -9 "$pid"
  done < "$D/children"
} 2>/dev/null`;

/**
 * Returns the script of a front that starts the host. The host is a child of the front, and talks
 * to the node over the front's own pipes. The node kills the front, never the host, which then sees
 * the end of its stdin and ends the versions. The front keeps stdout open until the versions have
 * ended: otherwise the node would kill it sooner. NODE_OPTIONS and NODE_EXTRA_CA_CERTS are meant
 * for the plugin, not for the host. A small V8 young generation keeps the host's memory from
 * growing by 30 MiB under traffic.
 */
function frontText({ folder, host, mode }: { folder: string; host: string; mode: string }): string {
  return `#!/bin/sh
# Made by cln-dev for hot mode: stands for a plugin on the node, and starts the host that runs it.
[ "$1" = --cln-dev-try ] && exit 0
D=${quoteWord(folder)}
${END_CHILDREN}
[ -n "\${NODE_OPTIONS+x}" ] && export CLN_DEV_PLUGIN_NODE_OPTIONS="$NODE_OPTIONS"
[ -n "\${NODE_EXTRA_CA_CERTS+x}" ] && export CLN_DEV_PLUGIN_NODE_EXTRA_CA_CERTS="$NODE_EXTRA_CA_CERTS"
unset NODE_OPTIONS NODE_EXTRA_CA_CERTS
exec 3<&0
${quoteWord(process.execPath)} --max-semi-space-size=1 ${quoteWord(host)} "$D" ${mode} "$$" "$@" 4>&1 </dev/null >/dev/null &
host=$!
exec <&- 3<&-
wait "$host"
end_children
exit 0
`;
}

/**
 * Returns the script of a front that passes its pipes to the running host, and waits for the host
 * to end. The host opens the pipes in /proc. Without /proc (macOS), two `cat`s copy between the
 * pipes and this front's own FIFOs. The input FIFO is held open at both ends, so that neither side
 * has to be first.
 */
function joiningText(folder: string): string {
  return `#!/bin/sh
# Made by cln-dev for hot mode: stands for a plugin on the node, and joins the host that runs it.
D=${quoteWord(folder)}
${END_CHILDREN}
exec 3>&1 4<&0 5<>"$D/door"
if [ -e /proc/self/fd ]; then
  echo "$$" >&5
else
  rm -f "$D"/in.* "$D"/out.*
  mkfifo -m 600 "$D/in.$$" "$D/out.$$"
  cat "$D/out.$$" >&3 4<&- &
  { echo "$$" >&5; exec cat <&4; } 7<>"$D/in.$$" >&7 3>&- &
fi
# Opened for both first: to open it for reading alone would wait for a host that has just ended.
exec 5<>"$D/hold" 6<"$D/hold"
exec 5<&-
read -r word <&6
end_children
exit 0
`;
}
