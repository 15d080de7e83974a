/** `cln-dev logs`: shows plugins' log lines live, from the node's log file or else `getlog`. */
import { existsSync, realpathSync } from "node:fs";
import { basename, resolve } from "node:path";
import { nearestName } from "../../errors/did-you-mean.js";
import { usageFailure } from "../../errors/failure.js";
import { type FollowedLog, followLogs } from "../../node/log/follow.js";
import type { NodeLogLine } from "../../node/log/log-lines.js";
import { listPlugins } from "../../node/plugins/plugin-command.js";
import { SecretValues } from "../../node/plugins/secret-values.js";
import { LOG_LEVELS, type LogLevel, parseLogLevel } from "../../plugin/log-level.js";
import { findSettingsKey } from "../../settings/project/package-json.js";
import { projectPlugins } from "../../settings/project/schema.js";
import type { NodeAddress, PluginSettings } from "../../settings/types.js";
import { renderLogLine } from "../report/log-line.js";
import { sanitize } from "../report/sanitize.js";
import { type Paint, styleOf } from "../report/style.js";
import type { Context, ExitCode } from "./context.js";
import { atNode, nodesOf } from "./target-nodes.js";

export interface LogsFlags {
  readonly level?: string;
  readonly since?: string;
  /** How many earlier lines to show. */
  readonly last?: string;
  /** Whether to wait for new lines after the existing ones. */
  readonly follow: boolean;
}

const DEFAULT_LAST = 10;

export async function logs(
  context: Context,
  args: readonly string[],
  flags: LogsFlags,
): Promise<ExitCode> {
  const level = levelOf(flags.level ?? "info");
  const since = flags.since === undefined ? undefined : momentOf(flags.since, Date.now());
  const last = countOf(flags.last);
  const own = projectOf(context);
  const pluginNames = namesOf(context, args, own);
  const nodes = await nodesOf(context);
  const { signal, stderr } = context.io;
  const options = own.flatMap((plugin) => plugin.options);
  await Promise.all(
    nodes.map((node) =>
      atNode(
        node,
        async () => {
          if (args.length > 0) await refuseUnknown(pluginNames, node, signal);
          const secrets = new SecretValues(node.rpcFile, options, signal);
          let printed = secrets.refresh();
          await followLogs({
            rpcFile: node.rpcFile,
            networkDir: node.networkDir,
            pluginNames,
            level,
            ...(since === undefined ? { last } : { since }),
            once: !flags.follow,
            signal,
            onLine: (line) => {
              printed = printed
                .then(() => secrets.refresh())
                .then(() => {
                  if (line.text.startsWith("Killing plugin:")) secrets.pluginEnded();
                  const hidden = { ...line, text: secrets.hide(line.text) };
                  print(context, nodes.length > 1 ? node : undefined, hidden);
                });
            },
            onSource: (source) => {
              const note =
                context.flags.quiet || context.flags.json ? undefined : noteOf(source, level);
              if (note !== undefined) stderr.write(`cln-dev: ${sanitize(note)}\n`);
            },
          });
          await printed;
        },
        context,
      ),
    ),
  ).catch((error: unknown) => {
    // Ignore the error of an interrupted call.
    if (!signal.aborted) throw error;
  });
  return 0;
}

/** Returns the plugins in package.json. */
function projectOf({ surroundings }: Context): readonly PluginSettings[] {
  const key = findSettingsKey(surroundings.cwd);
  return key === undefined ? [] : projectPlugins(key, surroundings.home);
}

/** Returns the plugin names used in the node's log; empty to show every line. */
function namesOf(
  { surroundings }: Context,
  args: readonly string[],
  own: readonly PluginSettings[],
): string[] {
  const paths =
    args.length === 0
      ? own.map(({ path }) => path)
      : args.map((arg) => resolve(surroundings.cwd, arg));
  return paths.map((path) => basename(existsSync(path) ? realpathSync(path) : path));
}

/**
 * Refuses a name that is neither a file nor a plugin on the node: it has no log lines.
 * @throws Failure (exit code 2)
 */
async function refuseUnknown(
  names: readonly string[],
  { rpcFile }: NodeAddress,
  signal: AbortSignal,
): Promise<void> {
  const running = (await listPlugins(rpcFile, { signal })).map(({ name }) => basename(name));
  const unknown = names.find((name) => !running.includes(name) && !existsSync(name));
  if (unknown === undefined) return;
  const near = nearestName(unknown, running);
  throw usageFailure(`the node runs no plugin ${sanitize(unknown)}`, {
    fix:
      near === undefined
        ? "cln-dev list shows what it runs"
        : `Did you mean ${sanitize(near)}? cln-dev list shows what it runs`,
  });
}

function print(context: Context, node: NodeAddress | undefined, line: NodeLogLine): void {
  const { flags, io } = context;
  const { paint } = styleOf(io.stdout, flags);
  const lines = flags.json ? [jsonOf(line, node)] : named(renderLogLine(line, paint), node, paint);
  io.stdout.write(`${lines.join("\n")}\n`);
}

function named(lines: readonly string[], node: NodeAddress | undefined, paint: Paint): string[] {
  if (node === undefined) return [...lines];
  return lines.map((line) => `${paint.dim(sanitize(basename(node.lightningDir)))} ${line}`);
}

function jsonOf(line: NodeLogLine, node: NodeAddress | undefined): string {
  const { time, level, source, text } = line;
  return JSON.stringify({ time: time?.toISOString(), node: node?.rpcFile, level, source, text });
}

/** Returns a note if the lines do not come from the log file; undefined if they do. */
function noteOf(source: FollowedLog, wanted: LogLevel): string | undefined {
  if (source.kind === "file") return undefined;
  const less = source.level === wanted ? "" : `; live output starts at level ${source.level}`;
  return `${source.why}: reading the in-memory log every 2 s${less}`;
}

function levelOf(name: string): LogLevel {
  const level = parseLogLevel(name);
  if (level !== undefined) return level;
  throw usageFailure(`unknown log level ${name}`, {
    fix: `Use ${LOG_LEVELS.slice(1).join(", ")}, or warn or error`,
  });
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Parses `10m` (ago), or a date with or without a time. */
export function momentOf(text: string, now: number): Date {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text) ?? [];
  if (number !== undefined && unit !== undefined) {
    return new Date(now - Number(number) * (UNITS[unit] ?? 0) * 1000);
  }
  const moment = /^\d{4}-\d\d-\d\d/.test(text) ? new Date(text) : new Date(Number.NaN);
  if (!Number.isNaN(moment.getTime())) return moment;
  throw usageFailure(`invalid --since: ${text}`, {
    fix: "Write 30s, 10m, 2h or 1d, or a date such as 2026-08-20T12:00",
  });
}

function countOf(last: string | undefined): number {
  if (last === undefined) return DEFAULT_LAST;
  if (/^\d+$/.test(last)) return Number(last);
  throw usageFailure(`invalid --last: ${last}`, { fix: "Write a number of lines, such as 20" });
}
