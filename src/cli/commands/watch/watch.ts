/** `cln-dev watch`: the main job. Settings in, a session with its keys and signals, a report out. */
import { Failure, usageFailure } from "../../../errors/failure.js";
import { inspectPluginFile } from "../../../plugin/file/plugin-file.js";
import type { PluginSettings } from "../../../settings/types.js";
import { splitWords } from "../../../watch/follow-up/shell-words.js";
import { Session } from "../../../watch/session.js";
import { failureLines } from "../../report/failure.js";
import { openReporter, type Reporter } from "../../report/reporter.js";
import { styleOf } from "../../report/style.js";
import type { Context, ExitCode } from "../context.js";
import { PluginStderr } from "../node/stderr-lines.js";
import { type PluginCommandFlags, settingsOf } from "../plugin-flags.js";
import { atNode } from "../reach-node.js";
import { SmallMemory } from "./heap-limits.js";
import { type KeyActions, serveKeys } from "./key-actions.js";
import { type OpenNode, openNode } from "./open-node.js";

export interface WatchFlags extends PluginCommandFlags {
  readonly stopOnExit?: boolean;
  readonly poll?: string | true;
}

const DEFAULT_POLL_MS = 200;

export async function watch(
  context: Context,
  args: readonly string[],
  flags: WatchFlags,
): Promise<ExitCode> {
  const settings = settingsOf(context, "watch", args, flags);
  const pollMs = pollOf(flags.poll);
  await Promise.all(settings.plugins.map(refuseTypo));
  const { stdin, stdout, signal } = context.io;
  const keys = stdin.isTTY === true && styleOf(stdout, context.flags).live;
  const { cwd } = context.surroundings;
  const reporter = openReporter({ ...context.flags, io: context.io, cwd, keys });
  const memory = new SmallMemory();
  let session: Session | undefined;
  const said = new PluginStderr((plugin, line) => session?.pluginWrote(plugin, line));
  const onTrouble = (message: string) =>
    reporter.event({ event: "notice", level: "warn", message });
  const onStderr = (name: string, chunk: Buffer) => said.take(name, chunk);
  const node = await openNode(settings, signal, onStderr, onTrouble);
  try {
    session = await openSession(settings.plugins, node, reporter, signal, pollMs, memory);
    try {
      const emit = (line: string) => emitOn(context, node, line, reporter);
      await untilTheEnd({ session, reporter, emit }, keys ? stdin : undefined, signal, node.closed);
    } finally {
      reporter.close();
      await session.close(flags.stopOnExit === true);
      const stopped = flags.stopOnExit === true || node.embedded;
      reporter.event({ event: "ended", running: stopped ? [] : session.running });
    }
  } finally {
    reporter.close();
    memory.close();
    await node.close();
  }
  return 0;
}

/**
 * A plugin that is not there would be waited for: right after a `git checkout`, wrong after a slip of
 * the pen. At the beginning it is the latter, unless a build makes it.
 */
async function refuseTypo({ path, build }: PluginSettings): Promise<void> {
  if (build !== undefined) return;
  try {
    await inspectPluginFile(path);
  } catch (error) {
    if (error instanceof Failure && error.exitCode === 2) throw error;
  }
}

function openSession(
  plugins: readonly PluginSettings[],
  { nodes, embedded }: OpenNode,
  reporter: Reporter,
  signal: AbortSignal,
  pollMs: number | undefined,
  memory: SmallMemory,
): Promise<Session> {
  const open = () =>
    Session.open({
      plugins,
      nodes,
      embedded,
      signal,
      onEvent: (event) => {
        reporter.event(event);
        memory.used();
      },
      ...(pollMs === undefined ? {} : { pollMs }),
    });
  const [first] = nodes;
  return first === undefined ? open() : atNode(first, open);
}

/** Serves keys and signals until the user has had enough, or the embedded node was told to stop. */
async function untilTheEnd(
  actions: Omit<KeyActions, "quit">,
  terminal: NodeJS.ReadStream | undefined,
  signal: AbortSignal,
  nodeEnded: Promise<void> | undefined,
): Promise<void> {
  const onUsr2 = () => void actions.session.restart("signal");
  process.on("SIGUSR2", onUsr2);
  let keys: { close(): void } | undefined;
  let watching = true;
  try {
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
      void nodeEnded?.then(() => {
        if (!watching) return;
        const message = "the embedded node was stopped";
        actions.reporter.event({ event: "notice", level: "warn", message });
        resolve();
      });
      if (terminal) keys = serveKeys(terminal, { ...actions, quit: resolve });
    });
  } finally {
    watching = false;
    keys?.close();
    process.off("SIGUSR2", onUsr2);
  }
}

/** `e`: an event on the session's own node. What is wrong with it is told, and the watch goes on. */
async function emitOn(
  context: Context,
  { nodes }: OpenNode,
  line: string,
  reporter: Reporter,
): Promise<void> {
  const [topic, ...values] = splitWords(line);
  const { emit } = await import("../node/emit.js");
  for (const { lightningDir, network } of nodes) {
    const named = { lightningDir: [lightningDir], network, embedded: false, json: false };
    try {
      await emit({ ...context, flags: { ...context.flags, ...named } }, topic, values, {});
    } catch (error) {
      const { paint } = styleOf(context.io.stdout, context.flags);
      reporter.print(...failureLines(error, paint));
    }
  }
}

function pollOf(poll: string | true | undefined): number | undefined {
  if (poll === undefined) return undefined;
  if (poll === true) return DEFAULT_POLL_MS;
  const ms = Number(poll);
  if (Number.isInteger(ms) && ms >= 10 && ms <= 60_000) return ms;
  throw usageFailure(`--poll takes a number of ms from 10 to 60000, not ${JSON.stringify(poll)}`);
}
