/**
 * `cln-dev restart`: asks the watch session of the plugin to reload it now, or reloads it itself if
 * there is no session.
 */
import { existsSync, statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { type Failure, usageFailure } from "../../../errors/failure.js";
import type { SessionTarget } from "../../../events/reload-target.js";
import { realPathOf } from "../../../filesystem/try-read.js";
import { splitArguments } from "../../../settings/arguments.js";
import { namesNode, resolveNodes } from "../../../settings/resolve-nodes.js";
import {
  askRestart,
  findSessions,
  type RunningSession,
} from "../../../watch/control/control-client.js";
import { isMeant, type RestartFilter } from "../../../watch/control/target-filter.js";
import { openReporter } from "../../report/reporter.js";
import { sanitize } from "../../report/sanitize.js";
import type { Context, ExitCode, PluginCommandFlags } from "../context.js";
import { exitCodeOf } from "../context.js";
import { namedNodes, reportingSilence } from "../target-nodes.js";
import { refuseBareWords } from "./arguments.js";
import { ofThisFolder } from "./this-folder.js";

export async function restart(
  context: Context,
  args: readonly string[],
  flags: PluginCommandFlags,
): Promise<ExitCode> {
  const { cwd } = context.surroundings;
  refuseBareWords(args, cwd);
  const { plugins, options } = splitArguments(args, flags.option ?? [], cwd);
  const filters = filtersOf(context, plugins);
  const sessions = (await findSessions()).filter(
    (session) => session.embedded || context.flags.embedded !== true,
  );
  const found = filters.map((filter) => findOne(sessions, filter, context));
  if (found.every((one) => one === undefined)) {
    const { start } = await import("./start.js");
    return start(context, args, flags, "restart");
  }
  const known = filters.map((filter, index) => {
    const session = found[index]?.session;
    if (session === undefined) throw notWatched(plugins[index] ?? "");
    return { session, filter };
  });
  const { signal } = context.io;
  const asked = known.map(({ session, filter }) => {
    if (context.flags.verbose) {
      context.io.stderr.write(`asking the watch session (pid ${session.pid})\n`);
    }
    const nodes = session.targets.filter((one) => isMeant(one, filter)).map(({ node }) => node);
    return reportingSilence(context, nodes, () =>
      askRestart(session.control, filter, options, signal),
    );
  });
  const outcomes = (await Promise.all(asked)).flat();
  const reporter = openReporter({ ...context.flags, io: context.io, cwd, keys: false });
  for (const outcome of outcomes) reporter.event(outcome);
  return exitCodeOf(outcomes);
}

/**
 * Returns a filter for each named plugin, or one for all if none is named. A file is matched by its
 * real path, anything else by its name in the session.
 */
function filtersOf({ flags, surroundings }: Context, plugins: readonly string[]): RestartFilter[] {
  const rpcFiles = namesNode(flags)
    ? namedNodes(resolveNodes(flags, surroundings), surroundings).map((node) => node.rpcFile)
    : undefined;
  if (plugins.length === 0) return [{ rpcFiles }];
  return plugins.map((plugin) => {
    const path = resolve(surroundings.cwd, plugin);
    const isName = !plugin.includes("/") && !existsSync(path);
    return isName ? { name: plugin, rpcFiles } : { path: realPathOf(path), rpcFiles };
  });
}

interface Found {
  readonly session: RunningSession;
  readonly targets: readonly SessionTarget[];
}

/** @throws Failure if several sessions match, or the only one is unrelated to this folder */
function findOne(
  sessions: readonly RunningSession[],
  filter: RestartFilter,
  context: Context,
): Found | undefined {
  const fitting = sessions
    .map((session) => ({ session, targets: session.targets.filter((one) => isMeant(one, filter)) }))
    .filter(({ targets }) => targets.length > 0);
  const isOpen = filter.path === undefined && filter.name === undefined;
  const [only, ...more] = fitting;
  if (more.length === 0) {
    if (only && isOpen && filter.rpcFiles === undefined) refuseUnrelated(only, context);
    return only;
  }
  const isOfFolder = isOpen ? ofThisFolder(context.surroundings) : () => false;
  const ofProject = fitting.filter(({ targets }) => targets.some(isOfFolder));
  if (ofProject.length === 1) return ofProject[0];
  throw severalFit(ofProject.length > 1 ? ofProject : fitting);
}

/** Refuses to reload a session of another folder unless the plugin is named. */
function refuseUnrelated({ targets }: Found, context: Context): void {
  const isOfFolder = ofThisFolder(context.surroundings);
  const [target] = targets;
  if (targets.some(isOfFolder) || target === undefined) return;
  throw usageFailure("no plugin is named", {
    why: `the only watch session has ${sanitize(target.path)}, which is in another folder`,
    fix: `cln-dev restart ${sanitize(basename(target.path))}`,
  });
}

function severalFit(found: readonly Found[]): Failure {
  const named = found.flatMap(({ session, targets }) =>
    targets.map(({ path, node }) => ({
      session,
      command: `cln-dev restart ${sanitize(path)} --lightning-dir=${sanitize(node.lightningDir)}`,
    })),
  );
  const commands = new Set(named.map(({ command }) => command));
  if (commands.size < named.length) return sameTwice(found.map(({ session }) => session));
  const lines = named.map(({ session, command }) => `  ${command}   (${aboutSession(session)})`);
  return usageFailure(`${found.length} watch sessions run`, {
    fix: ["Name the plugin and the node:", ...lines].join("\n"),
  });
}

/** The failure for sessions that no argument can tell apart. */
function sameTwice(sessions: readonly RunningSession[]): Failure {
  const lines = sessions.map((session) => `  kill ${session.pid}   (${aboutSession(session)})`);
  return usageFailure(`${sessions.length} watch sessions have the same plugin on the same node`, {
    why: "each would reload it, and stop what the other started",
    fix: ["End all but one with q in its terminal, or with", ...lines].join("\n"),
  });
}

/** Formats a session's process id and how long ago it started. */
function aboutSession({ pid, control }: RunningSession): string {
  const begun = statSync(control, { throwIfNoEntry: false })?.mtimeMs;
  return begun === undefined ? `pid ${pid}` : `pid ${pid}, started ${ago(Date.now() - begun)} ago`;
}

function ago(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

function notWatched(plugin: string): Failure {
  return usageFailure(`${plugin} is not being watched`, {
    why: "another of the named plugins is",
    fix: `Restart it on its own: cln-dev restart ${plugin}`,
  });
}
