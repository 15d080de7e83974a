/** `cln-dev hot-path`: prints the path of a plugin's front, for a node's config (hot mode). */
import { realpathSync } from "node:fs";
import { usageFailure } from "../../../errors/failure.js";
import { inspectPluginFile } from "../../../plugin/file/plugin-file.js";
import { writeFronts } from "../../../watch/hot/front-files.js";
import { hostProgram } from "../../../watch/hot/host-client.js";
import { refuseOtherUser } from "../../../watch/hot/hot-plugin.js";
import { sanitize } from "../../report/sanitize.js";
import { type Context, type ExitCode, type PluginCommandFlags, settingsOf } from "../context.js";
import { withOnlyPlugin } from "./arguments.js";

/** Runs `cln-dev hot-path`. The node need not run: the front is for its next start. */
export async function hotPath(
  context: Context,
  args: readonly string[],
  flags: PluginCommandFlags,
): Promise<ExitCode> {
  const { io, surroundings } = context;
  const plugins = await withOnlyPlugin(args, surroundings.cwd, "hot-path");
  const settings = settingsOf(context, "hot-path", plugins, flags);
  const [node] = settings.nodes;
  if (node === undefined) {
    throw usageFailure("the embedded node has no config that starts plugins", {
      fix: 'Name the node: --lightning-dir. On the embedded node, "cln-dev watch --hot" is enough',
    });
  }
  refuseOtherUser(node.rpcFile);
  const paths: string[] = [];
  for (const { path, run = {}, handover } of settings.plugins) {
    await inspectPluginFile(path, run.exec);
    const plugin = realpathSync(path);
    const about = { plugin, node: node.rpcFile, ...run, handover, atStart: true };
    paths.push(writeFronts(about, hostProgram()).atStart);
  }
  if (context.flags.json) io.stdout.write(`${JSON.stringify(paths)}\n`);
  else io.stdout.write(paths.map((path) => `${sanitize(path)}\n`).join(""));
  if (!context.flags.quiet) {
    const lines = paths.map((path) => `  plugin=${path}`);
    io.stderr.write(
      `Put this into the node's config in place of the plugin, and restart the node:\n${lines.join("\n")}\nThen run "cln-dev watch --hot".\n`,
    );
  }
  return 0;
}
