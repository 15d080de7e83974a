/** Keys pressed in the terminal. Only if stdin is a terminal, and only in its foreground. */
import type { ReadStream } from "node:tty";
import { processGroup } from "../../process-group.js";

/** Ctrl-Z: the shell gets the terminal. */
const SUSPEND = "\u001a";
/** Ctrl-C, Ctrl-D. */
export const QUIT_KEYS = ["\u0003", "\u0004"] as const;

/**
 * How long keys are ignored after anything but a single key, in ms: the rest of a paste may follow.
 */
const PASTE_MS = 50;
/**
 * How often to check in the background whether `fg` has brought us back, in ms: there is no signal
 * for it.
 */
const FOREGROUND_LOOK_MS = 500;

export interface KeyListener {
  /** Gives the terminal to another reader for a while. */
  pause(): void;
  resume(): void;
  close(): void;
}

export interface KeyListenerOptions {
  /** What each key does. */
  readonly actions: ReadonlyMap<string, () => void>;
  /** The terminal is gone. */
  readonly onGone: () => void;
}

/**
 * Listens to single keys until it is closed; then restores the terminal. In the background (`&`,
 * `bg`) it reads and sets nothing: the shell would stop us.
 */
export function listenToKeys(
  stdin: ReadStream,
  { actions, onGone }: KeyListenerOptions,
): KeyListener {
  let wanted = true;
  let listening = false;
  let timer: NodeJS.Timeout | undefined;
  const read = keyReader(actions, suspend);

  function listen(): void {
    if (listening || !wanted) return;
    clearTimeout(timer);
    if (!isForeground()) {
      timer = setTimeout(listen, FOREGROUND_LOOK_MS).unref();
      return;
    }
    listening = true;
    // Twice: after a stop libuv believes that the mode is still set.
    stdin.setRawMode(false);
    stdin.setRawMode(true);
    stdin.on("data", read);
    stdin.resume();
  }

  function release(): void {
    clearTimeout(timer);
    if (!listening) return;
    listening = false;
    stdin.off("data", read);
    stdin.pause();
    if (isForeground()) stdin.setRawMode(false);
  }

  /**
   * What Ctrl-Z does in any program: the shell has the terminal until `fg`. What shares our process
   * group (npm and its sh, which wait for us) stops as well, as the terminal itself would stop it.
   */
  function suspend(): void {
    release();
    const group = processGroup();
    process.kill(
      group === undefined || group.id === process.pid ? process.pid : -group.id,
      "SIGTSTP",
    );
    // If no shell can continue us (an orphaned process group) the signal has no effect.
    timer = setTimeout(listen, FOREGROUND_LOOK_MS).unref();
  }

  /** After `fg`, or after a SIGSTOP: the shell has changed the terminal's mode. */
  function continued(): void {
    if (listening) release();
    listen();
  }

  /** The user wants the core dump, not a raw terminal. */
  function dumped(): void {
    release();
    process.off("SIGQUIT", dumped);
    process.kill(process.pid, "SIGQUIT");
  }

  process.on("SIGCONT", continued);
  process.on("SIGQUIT", dumped);
  stdin.on("end", onGone);
  stdin.on("error", onGone);
  listen();
  return {
    pause: () => {
      wanted = false;
      release();
    },
    resume: () => {
      wanted = true;
      listen();
    },
    close: () => {
      wanted = false;
      release();
      process.off("SIGCONT", continued);
      process.off("SIGQUIT", dumped);
      stdin.off("end", onGone);
    },
  };
}

function isForeground(): boolean {
  return processGroup()?.foreground !== false;
}

/**
 * A key counts only on its own: a paste, Alt with a key and the arrow keys come as several
 * characters.
 */
function keyReader(
  actions: KeyListenerOptions["actions"],
  suspend: () => void,
): (chunk: Buffer) => void {
  let quietUntil = 0;
  return (chunk) => {
    const chars = new Set(chunk.toString("utf8"));
    // These are in no paste, so they count even after other input.
    const quit = QUIT_KEYS.find((key) => chars.has(key));
    if (quit !== undefined) actions.get(quit)?.();
    else if (chars.has(SUSPEND)) suspend();
    else {
      const now = performance.now();
      // A key that is held down comes several times at once.
      const [key = "", ...others] = chars;
      const action = others.length === 0 ? actions.get(key) : undefined;
      if (action === undefined) quietUntil = now + PASTE_MS;
      else if (now >= quietUntil) action();
    }
  };
}
