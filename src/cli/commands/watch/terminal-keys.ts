/** Reads keys from the terminal, only while this process is in its foreground. */
import type { ReadStream } from "node:tty";
import { processGroup } from "../../process-group.js";

/** Ctrl-Z: gives the terminal to the shell. */
const SUSPEND = "\u001a";
/** Ctrl-C, Ctrl-D. */
export const QUIT_KEYS = ["\u0003", "\u0004"] as const;

/**
 * How long to ignore keys after any input other than a single key, in ms: the rest of a paste may
 * follow.
 */
const PASTE_MS = 50;
/**
 * How often to check in the background whether `fg` has brought us back, in ms: no signal reports
 * it.
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
  /** Called when the terminal is gone. */
  readonly onGone: () => void;
}

/**
 * Listens for single keys until closed, then restores the terminal. In the background (`&`, `bg`)
 * it neither reads nor sets anything: the process would be stopped.
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
    // Set it twice: after a stop, libuv believes that raw mode is still on.
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
   * Suspends like any program at Ctrl-Z: the shell has the terminal until `fg`. Stops the whole
   * process group, as the terminal itself would: npm and its sh, which wait for us, are part of it.
   */
  function suspend(): void {
    release();
    const group = processGroup();
    process.kill(
      group === undefined || group.id === process.pid ? process.pid : -group.id,
      "SIGTSTP",
    );
    // In an orphaned process group, which no shell can continue, the signal has no effect.
    timer = setTimeout(listen, FOREGROUND_LOOK_MS).unref();
  }

  /** Starts again after `fg` or a SIGSTOP: the shell has changed the terminal's mode. */
  function continued(): void {
    if (listening) release();
    listen();
  }

  /** Restores the terminal before SIGQUIT ends us with a core dump. */
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
 * Returns a reader that runs the action of a key. A key counts only on its own: pastes, Alt
 * combinations and arrow keys arrive as several characters.
 */
function keyReader(
  actions: KeyListenerOptions["actions"],
  suspend: () => void,
): (chunk: Buffer) => void {
  let quietUntil = 0;
  return (chunk) => {
    const chars = new Set(chunk.toString("utf8"));
    // No paste contains these, so they count even among other input.
    const quit = QUIT_KEYS.find((key) => chars.has(key));
    if (quit !== undefined) actions.get(quit)?.();
    else if (chars.has(SUSPEND)) suspend();
    else {
      const now = performance.now();
      // A key that is held down may arrive several times at once.
      const [key = "", ...others] = chars;
      const action = others.length === 0 ? actions.get(key) : undefined;
      if (action === undefined) quietUntil = now + PASTE_MS;
      else if (now >= quietUntil) action();
    }
  };
}
