/**
 * Waits, as little as possible, until the files of a change can be used. A file
 * that looks whole goes at once; one that may be growing goes when two looks agree; one that is not
 * there, empty or not executable gets a moment, since many a save goes through that state.
 */
import { type FileSnapshot, sameFile, takeSnapshot } from "./file-snapshot.js";

/** Between two looks at a file that may be growing. */
const LOOK_AGAIN_MS = 8;
/** `git checkout`, `sed -i` and vim leave the name empty for less than this. */
const GONE_GRACE_MS = 400;
/** `chmod +x` follows the creation within this time when one command line does both. */
const MODE_GRACE_MS = 150;
/** A writer that never pauses is not waited for: the look after the start catches its end. */
const GROWING_MAX_MS = 250;
/** Of a checkout's thousands of files the last ones show whether it is still being written. */
const MAX_OTHERS = 64;

/** A slow writer that pauses for less than this may not be at its end. */
const YOUNG_FILE_MS = 250;
/** What looks young for longer than this has a time stamp that is not to be trusted. */
const UNTIL_OLD_MAX_MS = 2_000;

type Unusable = "missing" | "empty" | "not-a-file" | "not-executable";

export type StableFile =
  | { readonly usable: true; readonly look: FileSnapshot }
  | { readonly usable: false; readonly why: Unusable };

export interface WaitOptions {
  /** The plugin file. */
  readonly plugin: string;
  /** Another program runs it (`--exec`): it need not be executable. */
  readonly hasCommand?: boolean;
  /** Other files that changed: they must be whole too, or gone for good. */
  readonly others: readonly string[];
  /** Resolves at the next hint about a file, or after N ms. */
  readonly nextHint: (ms: number) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Gives the look at the plugin file that was found usable, or why it is not. */
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
 * Waits until a file has been left alone for a while. A time of last write that lies ahead of the
 * clock (a network file system, a virtual machine, `touch -d`) says nothing of its age.
 * @param check called at each look: what it throws ends the wait
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
  return before !== undefined && sameFile(look.fingerprint, before.fingerprint);
}

/** Why a plugin file cannot be started, or undefined. */
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
