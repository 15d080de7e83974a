/** `cln-dev start`: reloads a plugin once, without a watch session, or starts it. */
import type { WatchEvent } from "../../../events/watch-events.js";
import { refuseMissing } from "../../../plugin/file/plugin-file.js";
import { identifyForControl } from "../../../watch/node/identify-node.js";
import { reloadOnce } from "../../../watch/reload-once.js";
import { openReporter } from "../../report/reporter.js";
import type { Context, ExitCode } from "../context.js";
import { exitCodeOf, type PluginCommandFlags, settingsOf } from "../context.js";
import { atNode, nodesOf } from "../target-nodes.js";
import { withOnlyPlugin } from "./arguments.js";

export async function start(
  context: Context,
  args: readonly string[],
  flags: PluginCommandFlags,
  command = "start",
): Promise<ExitCode> {
  const { cwd } = context.surroundings;
  const settings = settingsOf(context, command, await withOnlyPlugin(args, cwd, command), flags);
  for (const { path, build } of settings.plugins) if (!build) await refuseMissing(path);
  const nodes = await nodesOf(context);
  const { signal } = context.io;
  await Promise.all(
    nodes.map((node) => atNode(node, () => identifyForControl(node, { signal }), context)),
  );
  const reporter = openReporter({ ...context.flags, io: context.io, cwd, keys: false });
  try {
    const onEvent = (event: WatchEvent) => reporter.event(event);
    return exitCodeOf(await reloadOnce({ ...settings, nodes }, onEvent, signal));
  } finally {
    reporter.close();
  }
}
