/** `cln-dev restart`: asks the watch session that fits to reload now; without one, does it itself. */
import { realpathSync } from "node:fs";
import { usageFailure } from "../failure.js";
import { harmless } from "../report/harmless.js";
import { openReporter } from "../report/reporter.js";
import { splitArguments } from "../settings/arguments.js";
import { joinPath } from "../settings/paths.js";
import { namesNode, resolveNodes } from "../settings/resolve-nodes.js";
import { askRestart, findSessions, type RunningSession } from "../watch/control-client.js";
import { exitCodeOf } from "../watch/reload-once.js";
import type { RestartFilter } from "../watch/session.js";
import type { Context, ExitCode } from "./context.js";
import type { PluginCommandFlags } from "./plugin-flags.js";

export async function restart(
  context: Context,
  args: readonly string[],
  flags: PluginCommandFlags,
): Promise<ExitCode> {
  const { plugins, options } = splitArguments(args, flags.option, context.surroundings.cwd);
  const filters = filtersOf(context, plugins);
  const sessions = await findSessions();
  const fitting = sessions.filter((session) => filters.every((filter) => fits(session, filter)));
  const [session, ...others] = fitting;
  if (session === undefined) {
    const { start } = await import("./start.js");
    return start(context, args, flags, "restart");
  }
  if (others.length > 0) throw severalFit(fitting);
  if (options.length > 0) {
    throw usageFailure("options cannot be given to a restart by a running watch session", {
      why: "the session starts the plugin with the options that it was given",
      fix: "End the session (q) and start it again with the new options",
    });
  }
  const answers = await Promise.all(filters.map((filter) => askRestart(session, filter)));
  const { stdout, stderr } = context.io;
  const { cwd } = context.surroundings;
  const reporter = openReporter({ ...context.flags, stdout, stderr, cwd, keys: false });
  for (const outcome of answers.flat()) reporter.event(outcome);
  return exitCodeOf(answers.flat());
}

/** One for each plugin that was named; one for all if none was. */
function filtersOf({ flags, surroundings }: Context, plugins: readonly string[]): RestartFilter[] {
  const rpcFiles = namesNode(flags)
    ? resolveNodes(flags, surroundings).nodes.map((node) => node.rpcFile)
    : undefined;
  if (plugins.length === 0) return [{ rpcFiles }];
  return plugins.map((name) => ({ path: realPathOf(joinPath(surroundings.cwd, name)), rpcFiles }));
}

function fits(session: RunningSession, { path, rpcFiles }: RestartFilter): boolean {
  return session.targets.some(
    (target) =>
      (rpcFiles === undefined || rpcFiles.includes(target.node.rpcFile)) &&
      (path === undefined || target.path === path || target.realPath === path),
  );
}

function severalFit(sessions: readonly RunningSession[]) {
  const lines = sessions.flatMap((session) =>
    session.targets.map(
      ({ path, node }) =>
        `  cln-dev restart ${harmless(path)} --lightning-dir=${harmless(node.lightningDir)}   (pid ${session.pid})`,
    ),
  );
  return usageFailure(`${sessions.length} watch sessions run`, {
    why: "it is not clear which one is meant",
    fix: ["Name the plugin or the node:", ...lines].join("\n"),
  });
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
