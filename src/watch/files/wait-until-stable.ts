/**
 * Waits, as briefly as possible, until the files of a change can be used. A file that looks
 * complete is used at once. One that may be growing is used when two snapshots agree. One that is
 * missing, empty or not executable gets a moment, since many saves pass through that state.
 */
import { type FileSnapshot, takeSnapshot } from "./file-snapshot.js";

/** The time between two snapshots of a file that may be growing, in ms. */
const LOOK_AGAIN_MS = 8;
/**
 * How long a plugin file may be missing or empty, in ms: `git checkout`, `sed -i` and vim need
 * less.
 */
const GONE_GRACE_MS = 400;
/**
 * How long a plugin file may lack its execute permission, in ms: `chmod +x` is faster if the same
 * command line creates the file.
 */
const MODE_GRACE_MS = 150;
/**
 * The longest wait for a writer that never pauses, in ms: the check after the start sees its end.
 */
const GROWING_MAX_MS = 250;
/**
 * How many other files are checked: the last ones of a large checkout show whether it is still
 * being written.
 */
const MAX_OTHERS = 64;

/** A file written less than this ago, in ms, may have a slow writer that has only paused. */
const YOUNG_FILE_MS = 250;
/** A file that looks young for longer than this, in ms, has a wrong timestamp. */
const UNTIL_OLD_MAX_MS = 2_000;

type Unusable = "missing" | "empty" | "not-a-file" | "not-executable";

export type StableFile =
  | { readonly usable: true; readonly look: FileSnapshot }
  | { readonly usable: false; readonly why: Unusable };

export interface WaitOptions {
  /** The plugin file. */
  readonly plugin: string;
  /** Whether another program runs it (`--exec`): then it need not be executable. */
  readonly hasCommand?: boolean;
  /** Other changed files: they must be complete, too, or stay missing. */
  readonly others: readonly string[];
  /** Resolves at the next hint about a file, or after `ms` milliseconds. */
  readonly nextHint: (ms: number) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Waits until the files can be used; returns the plugin file's snapshot, or why it cannot be. */
export async function waitUntilStable(options: WaitOptions): Promise<StableFile> {
  const from = performance.now();
  const restless = new Map<string, FileSnapshot | undefined>(
    options.others.slice(-MAX_OTHERS).map((path) => [path, undefined]),
  );
  let before: FileSnapshot | undefined;
  for (;;) {
    const waited = performance.now() - from;
    const look = takeSnapshot(options.plugin);
    const why = whyUnusable(look, options.hasCommand);
    if (why !== undefined && (waited >= graceOf(why) || options.signal.aborted)) {
      return { usable: false, why };
    }
    for (const [path, last] of restless) {
      const now = takeSnapshot(path);
      if (isReady(now, last)) restless.delete(path);
      else restless.set(path, now);
    }
    const ready = why === undefined && isReady(look, before) && restless.size === 0;
    if (ready || (why === undefined && waited >= GROWING_MAX_MS)) return { usable: true, look };
    before = look;
    await options.nextHint(LOOK_AGAIN_MS);
  }
}

/**
 * Waits until a file has not been written for a while. A modification time ahead of the clock (a
 * network file system, a virtual machine, `touch -d`) does not show its age.
 * @param check called before each check of the file; what it throws ends the wait
 */
export async function waitUntilQuiet(
  path: string,
  nextHint: WaitOptions["nextHint"],
  check: () => void,
): Promise<void> {
  const from = performance.now();
  for (;;) {
    check();
    const age = Date.now() - takeSnapshot(path).writtenAt;
    // The clock of the machine that wrote it may be ahead of ours.
    const maxMs = age < 0 ? YOUNG_FILE_MS : UNTIL_OLD_MAX_MS;
    if (age >= YOUNG_FILE_MS || performance.now() - from >= maxMs) return;
    await nextHint(age < 0 ? YOUNG_FILE_MS : YOUNG_FILE_MS - age);
  }
}

function isReady(look: FileSnapshot, before: FileSnapshot | undefined): boolean {
  if (look.state === "whole") return true;
  return before !== undefined && look.fingerprint === before.fingerprint;
}

/** Returns why a plugin file cannot be started, or undefined if it can. */
function whyUnusable(look: FileSnapshot, hasCommand = false): Unusable | undefined {
  if (look.state === "missing" || look.state === "empty" || look.state === "not-a-file") {
    return look.state;
  }
  return look.executable || hasCommand ? undefined : "not-executable";
}

function graceOf(why: Unusable): number {
  if (why === "not-a-file") return 0;
  return why === "not-executable" ? MODE_GRACE_MS : GONE_GRACE_MS;
}
