/** Keys pressed in the terminal as a source of wishes. Only where stdin is a terminal. */
import type { ReadStream } from "node:tty";

export type Key = "reload" | "call" | "logs" | "emit" | "help" | "quit" | "blank" | "suspend";

const KEYS: { readonly [char: string]: Key } = {
  r: "reload",
  c: "call",
  l: "logs",
  e: "emit",
  "?": "help",
  h: "help",
  q: "quit",
  "\u0003": "quit",
  "\u0004": "quit",
  "\r": "blank",
  "\n": "blank",
  "\u001a": "suspend",
};

export interface Listening {
  /** Gives the terminal to somebody else for a while. */
  pause(): void;
  resume(): void;
  close(): void;
}

/**
 * Listens to single keys until it is closed; the terminal is then as it was. Where the process exits
 * in any other way, Node itself gives it back.
 */
export function listenToKeys(stdin: ReadStream, onKey: (key: Key) => void): Listening {
  const onData = (chunk: Buffer) => {
    for (const char of chunk.toString("utf8")) {
      const key = KEYS[char];
      if (key === "suspend") suspend(stdin);
      else if (key !== undefined) onKey(key);
    }
  };
  const pause = () => {
    stdin.off("data", onData);
    stdin.pause();
    stdin.setRawMode(false);
  };
  const resume = () => {
    stdin.setRawMode(true);
    stdin.on("data", onData);
    stdin.resume();
  };
  resume();
  return { pause, resume, close: pause };
}

/**
 * Ctrl-Z as in any program: the shell has the terminal back until `fg`. The whole process group
 * stops, as by the terminal itself: npm, which waits for us, would hold the shell up.
 */
function suspend(stdin: ReadStream): void {
  stdin.setRawMode(false);
  process.kill(0, "SIGTSTP");
  // Here it goes on after `fg`; or at once, where no shell is there that could do that.
  stdin.setRawMode(true);
}
