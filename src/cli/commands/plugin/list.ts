/** `cln-dev list`: shows the plugins that the node runs, and which of them are watched. */
import { basename } from "node:path";
import { type ListedPlugin, listPlugins } from "../../../node/plugins/plugin-command.js";
import type { NodeAddress } from "../../../settings/types.js";
import { findSessions } from "../../../watch/control/control-client.js";
import { pluginBehind } from "../../../watch/hot/front-files.js";
import { sanitize } from "../../report/sanitize.js";
import { type Paint, styleOf } from "../../report/style.js";
import type { Context, ExitCode } from "../context.js";
import { atNode, nodesOf } from "../target-nodes.js";

interface Listed {
  readonly node: NodeAddress;
  readonly plugins: readonly (ListedPlugin & {
    /** The plugin's own file: in hot mode, the node lists the front instead. */
    readonly path: string;
    readonly hot: boolean;
    readonly watched: boolean;
  })[];
}

export async function list(context: Context): Promise<ExitCode> {
  const { flags, io } = context;
  const nodes = await nodesOf(context);
  const sessions = findSessions();
  const listed: Listed[] = await Promise.all(
    nodes.map(async (node) => {
      const [plugins, running] = await Promise.all([
        atNode(node, () => listPlugins(node.rpcFile, { signal: io.signal }), context),
        sessions,
      ]);
      const watched = running.flatMap((session) => session.targets);
      const isWatched = (name: string) =>
        watched.some((target) => target.realPath === name && target.node.rpcFile === node.rpcFile);
      return {
        node,
        plugins: plugins.map((plugin) => {
          const path = pluginBehind(plugin.name);
          return { ...plugin, path, hot: path !== plugin.name, watched: isWatched(path) };
        }),
      };
    }),
  );
  const { paint } = styleOf(io.stdout, flags);
  const text = flags.json
    ? JSON.stringify(listed.map(({ node, plugins }) => ({ node: node.rpcFile, plugins })))
    : listed.map((one) => table(one, nodes.length > 1, paint)).join("\n");
  io.stdout.write(`${text}\n`);
  return 0;
}

function table({ node, plugins }: Listed, named: boolean, paint: Paint): string {
  const width = Math.max(...plugins.map((plugin) => basename(plugin.name).length), 6);
  const someHot = plugins.some(({ hot }) => hot);
  const yes = (value: boolean, text: string) => (value ? text : "").padEnd(text.length);
  const rows = plugins.map((plugin) =>
    [
      paint.bold(sanitize(basename(plugin.name)).padEnd(width)),
      plugin.active ? paint.green("active  ") : paint.magenta("starting"),
      yes(plugin.dynamic, "dynamic"),
      paint.magenta(yes(plugin.watched, "watched")),
      ...(someHot ? [paint.magenta(yes(plugin.hot, "hot"))] : []),
      paint.dim(sanitize(plugin.path)),
    ].join("  "),
  );
  if (rows.length === 0) rows.push(`${named ? "  " : ""}no plugins`);
  return [...(named ? [paint.bold(sanitize(node.rpcFile))] : []), ...rows].join("\n");
}
