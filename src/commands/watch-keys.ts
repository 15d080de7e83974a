/** What the keys of `cln-dev watch` do. */
import type { Reporter } from "../report/reporter.js";
import { type Key, listenToKeys } from "../watch/keys.js";
import type { Session } from "../watch/session.js";

/** Serves the keys until it is closed. @param quit called when the user has had enough */
export function serveKeys(
  stdin: NodeJS.ReadStream,
  session: Session,
  reporter: Reporter,
  quit: () => void,
): { close(): void } {
  const act: { readonly [key in Key]?: () => void } = {
    reload: () => void session.restart("key"),
    call: () => session.repeatCalls(),
    logs: () => {
      const level = session.toggleLogs();
      reporter.print(
        level === "debug" ? "  logs on: every line" : "  logs off: warnings and errors only",
      );
    },
    help: () => reporter.print(...HELP),
    blank: () => reporter.print(""),
    quit,
  };
  return listenToKeys(stdin, (key) => act[key]?.());
}

const HELP = [
  "",
  "  r   reload now",
  "  c   make the calls of --call again",
  "  l   the plugin's log: every line, or warnings only",
  "  q   quit (Ctrl-C as well); the plugin goes on running",
  "  ?   this help",
  "",
];
