/** The keys of `cln-dev watch`, in one table from which the help is printed. */
import type { ReadStream } from "node:tty";
import { type KeyListener, listenToKeys, QUIT_KEYS } from "./terminal-keys.js";

export interface KeyBinding {
  /** The character that the terminal sends. */
  readonly key: string;
  readonly description: string;
  readonly action: () => void;
}

export interface KeyTable {
  readonly bindings: readonly KeyBinding[];
  readonly quit: () => void;
  /** Prints lines that belong to no event. */
  readonly print: (...lines: readonly string[]) => void;
  /** Called when the terminal is gone. */
  readonly onGone: () => void;
}

/** Serves the keys until closed. Adds `?` and `q` to the table; Enter prints a blank line. */
export function serveKeys(stdin: ReadStream, table: KeyTable): KeyListener {
  const { quit, print, onGone } = table;
  const bindings: readonly KeyBinding[] = [
    ...table.bindings,
    { key: "q", description: "quit (Ctrl-C as well)", action: quit },
    { key: "?", description: "this help", action: () => print(...helpLines(bindings)) },
  ];
  const actions = new Map(bindings.map(({ key, action }) => [key, action]));
  for (const key of QUIT_KEYS) actions.set(key, quit);
  for (const key of ["\r", "\n"]) actions.set(key, () => print(""));
  actions.set("h", () => print(...helpLines(bindings)));
  return listenToKeys(stdin, { actions, onGone });
}

/** Returns a line for each key. */
function helpLines(bindings: readonly KeyBinding[]): string[] {
  const width = Math.max(...bindings.map(({ key }) => nameOf(key).length));
  return [
    "",
    ...bindings.map(({ key, description }) => `  ${nameOf(key).padEnd(width)}   ${description}`),
    "",
  ];
}

/** Returns the name of a key, such as `Ctrl-L` for the control character that it sends. */
function nameOf(key: string): string {
  const code = key.charCodeAt(0);
  return code < 0x20 ? `Ctrl-${String.fromCharCode(code + 0x40)}` : key;
}
