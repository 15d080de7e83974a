/**
 * Waits, as briefly as possible, until the files of a change can be used. A file that looks
 * complete is used at once; one that may be growing is used when two looks agree; one that is
 * missing, empty or not executable gets a moment, since many saves pass through that state.
 */
import { type FileSnapshot, sameFile, takeSnapshot } from "./file-snapshot.js";

/** Between two looks at a file that may be growing, in ms. */
const LOOK_AGAIN_MS = 8;
/** `git checkout`, `sed -i` and vim leave the name empty for less than this, in ms. */
const GONE_GRACE_MS = 400;
/** `chmod +x` follows the creation within this time when one command line does both, in ms. */
const MODE_GRACE_MS = 150;
/**
 * The longest wait for a writer that never pauses, in ms: the check after the start catches its
 * end.
 */
const GROWING_MAX_MS = 250;
/** The last files of a large checkout show whether it is still being written. */
const MAX_OTHERS = 64;

/** A slow writer that pauses for less than this may not have finished, in ms. */
const YOUNG_FILE_MS = 250;
/** A file that looks young for longer than this has a wrong time stamp, in ms. */
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
  /** Other changed files: they must be complete, too, or gone for good. */
  readonly others: readonly string[];
  /** Resolves at the next hint about a file, or after `ms`. */
  readonly nextHint: (ms: number) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Returns the look that found the plugin file usable, or why it is not. */
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
 * Waits until a file has been left alone for a while. A modification time ahead of the clock (a
 * network file system, a virtual machine, `touch -d`) says nothing about its age.
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
