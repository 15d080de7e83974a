/** What the keys of `cln-dev watch` do. Keys without a use in this session are left out. */
import { basename } from "node:path";
import type { ReadStream } from "node:tty";
import { usageFailure } from "../../../errors/failure.js";
import { splitWords } from "../../../plugin/shell-words.js";
import { splitArguments } from "../../../settings/arguments.js";
import type { Settings } from "../../../settings/types.js";
import type { Session } from "../../../watch/session.js";
import { failureLines } from "../../report/failure.js";
import type { Reporter } from "../../report/reporter.js";
import { sanitize } from "../../report/sanitize.js";
import { styleOf } from "../../report/style.js";
import type { Context } from "../context.js";
import { type KeyBinding, serveKeys } from "./keys.js";
import type { OpenNode } from "./open-node.js";
import { ask } from "./prompt.js";
import type { KeyListener } from "./terminal-keys.js";
import type { TraceOutput } from "./trace-output.js";

/** A running watch and its parts. */
export interface Watched {
  readonly context: Context;
  readonly settings: Settings;
  readonly session: Session;
  readonly node: OpenNode;
  readonly reporter: Reporter;
  readonly trace: TraceOutput;
}

/** Serves the keys until closed. */
export function serveWatchKeys(stdin: ReadStream, watched: Watched, quit: () => void): KeyListener {
  const { context, session, reporter, settings, node } = watched;
  const { print } = reporter;
  const options: string[] = [];
  const events: string[] = [];
  const bindings: readonly (KeyBinding | false)[] = [
    { key: "r", description: "reload now", action: () => void session.restart("key") },
    {
      key: "o",
      description: "change an option of the plugin",
      action: () => void askForOption(stdin, keys, watched, options),
    },
    {
      key: "p",
      description: "pause: count saves; again: reload once",
      action: () => {
        if (!session.paused) {
          session.pause();
          print("  paused; p reloads what you save from now on");
          return;
        }
        const files = session.resume();
        print(`  resumed: ${files === 1 ? "1 file has" : `${files} files have`} changed`);
      },
    },
    settings.plugins.some((plugin) => plugin.call.length > 0) && {
      key: "c",
      description: "make the calls of --call again",
      action: () => session.repeatCalls(),
    },
    {
      key: "l",
      description: "show every log line of the plugin, or warnings only",
      action: () => {
        const all = session.toggleLogs() === "debug";
        print(all ? "  every log line" : "  warnings and errors only");
      },
    },
    {
      key: "w",
      description: "show what is watched, and how many files",
      action: () => print(...watchedLines(session, context.surroundings.cwd)),
    },
    watched.trace.canTrace && {
      key: "t",
      description: "show the messages between node and plugin, or stop",
      action: () => {
        const isShown = watched.trace.toggle();
        session.traceBytes = watched.trace.traceBytes;
        const every = "every message between node and plugin is shown";
        print(`  ${isShown ? every : "messages are no longer shown"}`);
      },
    },
    node.embedded && {
      key: "e",
      description: "raise an event: a notification or a hook",
      action: () => void askForEvent(stdin, keys, watched, events),
    },
    { key: "\f", description: "clear the screen", action: () => reporter.clear() },
  ];
  const keys = serveKeys(stdin, {
    bindings: bindings.filter((binding) => binding !== false),
    quit,
    print,
    onGone: quit,
  });
  return keys;
}

/** Asks for `key=value`, preceded by the plugin if there are several. */
async function askForOption(
  stdin: ReadStream,
  keys: KeyListener,
  watched: Watched,
  history: string[],
): Promise<void> {
  const { context, session, settings } = watched;
  const several = settings.plugins.length > 1 ? "plugin " : "";
  const question = `option (${several}key=value, an empty line cancels): `;
  const line = await ask(stdin, keys, { question, history });
  if (line === "") return;
  history.unshift(line);
  try {
    const { plugins, options } = splitArguments(splitWords(line), [], context.surroundings.cwd);
    const [name] = plugins;
    if (options.length === 0) throw usageFailure("an option is written key=value");
    if (several !== "" && name === undefined) throw usageFailure("the plugin is not named");
    await session.setOptions(name === undefined ? {} : { name: basename(name) }, options);
  } catch (error) {
    printFailure(error, watched);
  }
}

function watchedLines(session: Session, cwd: string): string[] {
  return session.watched.flatMap(({ plugin, description, fileCount, folderCount, pollMs }) => {
    const what = description.replace(` under ${cwd}`, " under this folder");
    const files = `${fileCount} ${fileCount === 1 ? "file" : "files"}`;
    const folders = `${folderCount} ${folderCount === 1 ? "folder" : "folders"}`;
    const how = pollMs === undefined ? "" : `, looked at every ${pollMs} ms`;
    return [`  ${sanitize(plugin)}: ${sanitize(what)}`, `    ${files} in ${folders}${how}`];
  });
}

/** Asks for an event and raises it on the session's node. Prints any failure. */
async function askForEvent(
  stdin: ReadStream,
  keys: KeyListener,
  watched: Watched,
  history: string[],
): Promise<void> {
  const { context, node } = watched;
  const question = "emit (topic key=value..., an empty line cancels): ";
  const { emit, emitTopics } = await import("../node/emit.js");
  const [first] = node.nodes;
  const words = first === undefined ? [] : await emitTopics(first, context.io.signal);
  const line = await ask(stdin, keys, { question, history, words });
  if (line === "") return;
  history.unshift(line);
  const [topic, ...values] = splitWords(line);
  for (const { lightningDir, network } of node.nodes) {
    const named = { lightningDir: [lightningDir], network, embedded: false, json: false };
    try {
      await emit({ ...context, flags: { ...context.flags, ...named } }, topic, values, {});
    } catch (error) {
      printFailure(error, watched);
    }
  }
}

function printFailure(error: unknown, { context, reporter }: Watched): void {
  const { paint } = styleOf(context.io.stdout, context.flags);
  reporter.print(...failureLines(error, paint));
}
