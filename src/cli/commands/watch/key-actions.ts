/** What the keys of `cln-dev watch` do. */
import { createInterface } from "node:readline/promises";
import type { ReadStream } from "node:tty";
import type { Session } from "../../../watch/session.js";
import type { Reporter } from "../../report/reporter.js";
import { type Key, type Listening, listenToKeys } from "./terminal-keys.js";

export interface KeyActions {
  readonly session: Session;
  readonly reporter: Reporter;
  /** Raises an event on the node: the line is `topic key=value...`. */
  readonly emit: (line: string) => Promise<void>;
  /** The user has had enough. */
  readonly quit: () => void;
}

/** Serves the keys until it is closed. */
export function serveKeys(stdin: ReadStream, actions: KeyActions): Listening {
  const { session, reporter, quit } = actions;
  const act: { readonly [key in Key]?: () => void } = {
    reload: () => void session.restart("key"),
    call: () => session.repeatCalls(),
    logs: () => {
      const all = session.toggleLogs() === "debug";
      reporter.print(all ? "  every log line" : "  warnings and errors only");
    },
    emit: () => void askForEvent(stdin, keys, actions),
    help: () => reporter.print(...HELP),
    blank: () => reporter.print(""),
    quit,
  };
  const keys = listenToKeys(stdin, (key) => act[key]?.());
  return keys;
}

/** The terminal takes a whole line for once. Ctrl-C leaves the line, not the watch. */
async function askForEvent(
  stdin: ReadStream,
  keys: Listening,
  { emit }: KeyActions,
): Promise<void> {
  keys.pause();
  const prompt = createInterface({ input: stdin, output: process.stdout });
  const left = new AbortController();
  prompt.on("SIGINT", () => left.abort());
  // Else readline stops this process alone, and under npm no shell takes the terminal back.
  prompt.on("SIGTSTP", () => {});
  let line = "";
  try {
    line = await prompt.question("emit (topic key=value..., nothing to leave it): ", left);
  } catch {
    // Left by Ctrl-C.
  } finally {
    prompt.close();
    keys.resume();
  }
  if (line.trim() !== "") await emit(line);
}

const HELP = [
  "",
  "  r   reload now",
  "  c   make the calls of --call again",
  "  l   the plugin's log: every line, or warnings only",
  "  e   raise an event: a notification or a hook (embedded node)",
  "  q   quit (Ctrl-C as well)",
  "  ?   this help",
  "",
];
