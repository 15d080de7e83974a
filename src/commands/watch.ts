/** `cln-dev watch`: the main job. Settings in, a session with its keys and signals, a report out. */
import { usageFailure } from "../failure.js";
import { openReporter, type Reporter } from "../report/reporter.js";
import { styleOf } from "../report/style.js";
import type { NodeAddress, Settings } from "../settings/types.js";
import { type Key, listenToKeys } from "../watch/keys.js";
import { Session } from "../watch/session.js";
import type { Context, ExitCode } from "./context.js";
import { type PluginCommandFlags, settingsOf } from "./plugin-flags.js";
import { atNode } from "./reach-node.js";

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
  const { stdin, stdout, stderr, signal } = context.io;
  const keys = stdin.isTTY === true && styleOf(stdout, context.flags).live;
  const { cwd } = context.surroundings;
  const reporter = openReporter({ ...context.flags, stdout, stderr, cwd, keys });
  const node = await openNode(settings);
  try {
    const session = await openSession(settings, node.nodes, node.embedded, reporter, pollMs);
    try {
      await untilTheEnd(session, reporter, keys ? stdin : undefined, signal);
    } finally {
      reporter.close();
      await session.close(flags.stopOnExit === true);
      reporter.event({ event: "ended", stopped: flags.stopOnExit === true || node.embedded });
    }
  } finally {
    reporter.close();
    await node.close();
  }
  return 0;
}

interface OpenNode {
  readonly nodes: readonly NodeAddress[];
  readonly embedded: boolean;
  close(): Promise<void>;
}

async function openNode(settings: Settings): Promise<OpenNode> {
  if (settings.embedded === undefined) {
    return { nodes: settings.nodes, embedded: false, close: async () => {} };
  }
  throw usageFailure("no embedded node yet");
}

function openSession(
  { plugins }: Settings,
  nodes: readonly NodeAddress[],
  embedded: boolean,
  reporter: Reporter,
  pollMs: number | undefined,
): Promise<Session> {
  const open = () =>
    Session.open({
      plugins,
      nodes,
      embedded,
      onEvent: (event) => reporter.event(event),
      ...(pollMs === undefined ? {} : { pollMs }),
    });
  const [first] = nodes;
  return first === undefined ? open() : atNode(first, open);
}

/** Serves keys and signals until the user has had enough. */
async function untilTheEnd(
  session: Session,
  reporter: Reporter,
  terminal: NodeJS.ReadStream | undefined,
  signal: AbortSignal,
): Promise<void> {
  const onUsr2 = () => void session.restart("signal");
  process.on("SIGUSR2", onUsr2);
  let listening: { close(): void } | undefined;
  try {
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
      const onKey = (key: Key) => {
        if (key === "quit") resolve();
        else if (key === "reload") void session.restart("key");
        else if (key === "help") reporter.print(...HELP);
        else if (key === "blank") reporter.print("");
      };
      if (terminal) listening = listenToKeys(terminal, onKey);
    });
  } finally {
    listening?.close();
    process.off("SIGUSR2", onUsr2);
  }
}

const HELP = [
  "",
  "  r   reload now",
  "  q   quit (Ctrl-C as well); the plugin goes on running",
  "  ?   this help",
  "",
];

function pollOf(poll: string | true | undefined): number | undefined {
  if (poll === undefined) return undefined;
  if (poll === true) return DEFAULT_POLL_MS;
  const ms = Number(poll);
  if (Number.isInteger(ms) && ms >= 10 && ms <= 60_000) return ms;
  throw usageFailure(`--poll takes a number of ms from 10 to 60000, not ${JSON.stringify(poll)}`);
}
