/** `cln-dev watch`: opens a session from the settings, with its keys, signals and report. */
import type { ReadStream } from "node:tty";
import type { PluginDirection } from "../../../embedded/api.js";
import { PluginStderr } from "../../../embedded/log/plugin-stderr.js";
import { usageFailure } from "../../../errors/failure.js";
import type { WatchEvent } from "../../../events/watch-events.js";
import { refuseMissing } from "../../../plugin/file/plugin-file.js";
import type { PluginSettings, Settings } from "../../../settings/types.js";
import type { SettingsSource } from "../../../watch/live-settings.js";
import { Session, type SessionOptions } from "../../../watch/session.js";
import { watchParent } from "../../orphan.js";
import { openReporter } from "../../report/reporter.js";
import { styleOf } from "../../report/style.js";
import { keepHeapSmall } from "../../small-heap.js";
import type { Context, ExitCode } from "../context.js";
import { type PluginCommandFlags, settingsOf } from "../context.js";
import { withOnlyPlugin } from "../plugin/arguments.js";
import { atNode } from "../target-nodes.js";
import { type OpenNode, openNode } from "./open-node.js";
import type { KeyListener } from "./terminal-keys.js";
import { TraceOutput } from "./trace-output.js";
import { serveWatchKeys, type Watched } from "./watch-keys.js";

export interface WatchFlags extends PluginCommandFlags {
  readonly stopOnExit?: boolean;
  readonly keepHot?: boolean;
  readonly bell?: boolean;
  readonly poll?: string | true;
  readonly trace?: string | true;
  readonly traceFile?: string;
}

const DEFAULT_POLL_MS = 200;

export async function watchPlugins(
  context: Context,
  args: readonly string[],
  flags: WatchFlags,
): Promise<ExitCode> {
  keepHeapSmall();
  const named = await withOnlyPlugin(args, context.surroundings.cwd, "watch");
  const settings = settingsOf(context, "watch", named, flags);
  const read = () => {
    const { plugins, nodes, embedded } = settingsOf(context, "watch", named, flags);
    return { plugins, nodes: { nodes, embedded } };
  };
  const pollMs = pollOf(flags.poll);
  for (const { path, build } of settings.plugins) if (!build) await refuseMissing(path);
  if (settings.embedded === undefined) settings.plugins.forEach(refuseForeignProcess);
  const { stdin, stdout, signal } = context.io;
  const keys = stdin.isTTY === true && styleOf(stdout, context.flags).live;
  const { cwd } = context.surroundings;
  const bell = flags.bell === true;
  const reporter = openReporter({
    ...context.flags,
    ...{ io: context.io, cwd, keys, title: true, bell },
  });
  let session: Session | undefined;
  const stderr = new PluginStderr((plugin, line) => session?.pluginWrote(plugin, line));
  const onTrouble = (message: string) =>
    reporter.event({ event: "notice", level: "warn", message });
  const onStderr = (name: string, chunk: Buffer) => stderr.take(name, chunk);
  const onMessage = (path: string, direction: PluginDirection, text: string) =>
    session?.pluginPassed(path, direction, text);
  const trace = new TraceOutput(settings, flags, cwd);
  const node = await openNode(settings, signal, onStderr, onTrouble, onMessage);
  try {
    const onEvent = (event: WatchEvent) => {
      if (event.event !== "trace" || trace.shows(event)) reporter.event(event);
    };
    const { traceBytes } = trace;
    session = await openSession(context, settings, read, node, {
      onEvent,
      signal,
      pollMs,
      traceBytes,
    });
    try {
      const watched = { context, settings, session, node, reporter, trace };
      await untilTheEnd(watched, keys ? stdin : undefined);
    } finally {
      reporter.close();
      await session.close(flags.stopOnExit === true, flags.keepHot === true);
      const stopped = flags.stopOnExit === true || node.embedded;
      reporter.event({ event: "ended", running: stopped ? [] : session.running });
    }
  } finally {
    reporter.close();
    trace.close();
    await node.close();
  }
  return 0;
}

/**
 * Refuses run settings if the node starts the plugin itself: cln-dev starts it only in hot mode and
 * on the embedded node.
 */
function refuseForeignProcess({ path, run, hot }: PluginSettings): void {
  if (run === undefined || hot === true) return;
  throw usageFailure(`--env, --exec and --debug cannot be used for ${path}`, {
    why: "the node itself starts the plugin, and has no environment or command for it",
    fix: "Add --hot: the plugin is then started by cln-dev",
  });
}

function openSession(
  context: Context,
  { plugins, file }: Settings,
  read: SettingsSource["read"],
  { nodes, embedded }: OpenNode,
  given: Pick<SessionOptions, "onEvent" | "signal" | "traceBytes" | "pollMs">,
): Promise<Session> {
  const settings = file === undefined ? undefined : { file, read };
  const open = () => Session.open({ plugins, nodes, embedded, settings, ...given });
  const [first] = nodes;
  return first === undefined ? open() : atNode(first, open, context);
}

/** Serves keys and signals until the user quits, the embedded node stops, or npm is gone. */
async function untilTheEnd(watched: Watched, terminal: ReadStream | undefined): Promise<void> {
  const { context, node, session, reporter } = watched;
  const { signal } = context.io;
  const onUsr2 = () => void session.restart("signal");
  process.on("SIGUSR2", onUsr2);
  let keys: KeyListener | undefined;
  let endLook = () => {};
  let watching = true;
  try {
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
      void node.closed?.then(() => {
        if (!watching) return;
        const message = "the embedded node was stopped";
        reporter.event({ event: "notice", level: "warn", message });
        resolve();
      });
      endLook = watchParent(resolve);
      if (terminal) keys = serveWatchKeys(terminal, watched, resolve);
    });
  } finally {
    watching = false;
    endLook();
    keys?.close();
    process.off("SIGUSR2", onUsr2);
  }
}

function pollOf(poll: string | true | undefined): number | undefined {
  if (poll === undefined) return undefined;
  if (poll === true) return DEFAULT_POLL_MS;
  const ms = Number(poll);
  if (Number.isInteger(ms) && ms >= 10 && ms <= 60_000) return ms;
  throw usageFailure(`--poll takes a number of ms from 10 to 60000, not ${JSON.stringify(poll)}`);
}
