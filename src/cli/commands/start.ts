/** `cln-dev start`: one reload without a watch session; a plugin that does not run is started. */

import { usageFailure } from "../../errors/failure.js";
import type { WatchEvent } from "../../events/watch-events.js";
import { identifyForControl } from "../../watch/node/identify-node.js";
import { reloadOnce } from "../../watch/reload-once.js";
import { openReporter } from "../report/reporter.js";
import type { Context, ExitCode } from "./context.js";
import { exitCodeOf, type PluginCommandFlags, settingsOf } from "./context.js";
import { atNode } from "./target-nodes.js";

export async function start(
  context: Context,
  args: readonly string[],
  flags: PluginCommandFlags,
  command = "start",
): Promise<ExitCode> {
  const settings = settingsOf(context, command, args, flags);
  if (settings.embedded) {
    throw usageFailure(`${command} needs a node that runs already`, {
      why: "the embedded node of a watch session ends with it",
      fix: "Start one with cln-dev node, and name it with --lightning-dir",
    });
  }
  const { signal } = context.io;
  await Promise.all(
    settings.nodes.map((node) => atNode(node, () => identifyForControl(node, { signal }))),
  );
  const { cwd } = context.surroundings;
  const reporter = openReporter({ ...context.flags, io: context.io, cwd, keys: false });
  try {
    let initFailed = false;
    const onEvent = (event: WatchEvent) => {
      reporter.event(event);
      // The node calls it started, and it has not set itself up.
      initFailed ||= event.event === "explained";
    };
    const outcomes = await reloadOnce(settings, onEvent, signal);
    return exitCodeOf(outcomes) || (initFailed ? 1 : 0);
  } finally {
    reporter.close();
  }
}
