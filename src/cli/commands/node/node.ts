/** `cln-dev node`: the embedded node alone, in the foreground. */
import { basename, resolve } from "node:path";
import type { NodeOptions, RunningEmbeddedNode } from "../../../embedded/api.js";
import { PluginStderr } from "../../../embedded/log/plugin-stderr.js";
import { startEmbeddedNode } from "../../../embedded/node.js";
import { usageFailure } from "../../../errors/failure.js";
import { attempt } from "../../../filesystem/try-read.js";
import { LOG_LEVELS, parseLogLevel } from "../../../plugin/log-level.js";
import { locateNode } from "../../../settings/locate/locate-node.js";
import type { NodeFlags } from "../../../settings/types.js";
import { watchParent } from "../../orphan.js";
import type { Context, ExitCode, GlobalFlags, Io } from "../context.js";
import { StderrFile } from "./stderr-file.js";
import { writeLinesTo } from "./stderr-lines.js";

export interface NodeCommandOptions {
  /** `--lightning-dir`; one under the system's temp folder when not given. */
  readonly lightningDir?: string;
  readonly network?: string;
  /** `--log-level`: what goes to the log file. */
  readonly logLevel?: string;
  /** `--plugin`, repeatable: started with the node, and need not be dynamic. */
  readonly plugin?: readonly string[];
}

/** The command as the command line gives it. */
export async function node({ flags, io }: Context, own: NodeCommandOptions): Promise<ExitCode> {
  const [lightningDir, ...others] = flags.lightningDir;
  if (others.length > 0) throw usageFailure("node takes one --lightning-dir");
  refuseForeign(flags);
  const { network } = flags;
  return runNode(
    {
      ...own,
      ...(lightningDir === undefined ? {} : { lightningDir }),
      ...(network === undefined ? {} : { network }),
    },
    io,
    flags,
  );
}

/** As with `watch --embedded`: the node's own config and socket are in its lightning-dir. */
function refuseForeign({ conf, rpcFile }: NodeFlags): void {
  if (conf === undefined && rpcFile === undefined) return;
  const flag = conf === undefined ? "--rpc-file" : "--conf";
  throw usageFailure(`${flag} does not go with cln-dev node`, {
    why: "the embedded node has its own lightning-dir, config and socket",
    fix: "Name its folder with --lightning-dir: a config there is read",
  });
}

/**
 * Runs until a signal or the RPC method `stop` ends it, or npm, which has started it, is gone.
 * @returns the exit code
 * @throws Failure where the node cannot be started
 */
export async function runNode(
  options: NodeCommandOptions,
  io: Pick<Io, "stdout" | "stderr" | "signal">,
  { json, quiet }: Partial<GlobalFlags> = {},
): Promise<ExitCode> {
  const { signal } = io;
  const stderr = new PluginStderr(writeLinesTo(io.stderr));
  const file = new StderrFile();
  const starting = startEmbeddedNode({
    ...readOptions(options),
    signal,
    onTrouble: (message) => void io.stderr.write(`cln-dev: ${message}\n`),
    onPluginStderr: (name, chunk) => {
      stderr.take(name, chunk);
      file.write(chunk);
    },
  });
  const node = await starting.catch((error: unknown) => {
    if (signal.aborted) return undefined;
    throw error;
  });
  if (node === undefined) return 0;
  file.open(node.networkDir);
  const end = () => void node.close();
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  const endLook = watchParent(end);
  if (json) io.stdout.write(`${JSON.stringify(factsOf(node))}\n`);
  else if (!quiet) io.stdout.write(`${greetingOf(node).join("\n")}\n`);
  await node.closed;
  endLook();
  signal.removeEventListener("abort", end);
  file.close();
  return 0;
}

function factsOf({ lightningDir, networkDir, rpcFile, logFile }: RunningEmbeddedNode) {
  return { event: "node", pid: process.pid, lightningDir, networkDir, rpcFile, logFile };
}

function greetingOf({ lightningDir, networkDir, rpcFile, logFile }: RunningEmbeddedNode): string[] {
  const dir = `--lightning-dir=${lightningDir}`;
  // A config that was there before may not name the network: clients would look for bitcoin's.
  const flags = leadsTo(rpcFile, lightningDir) ? dir : `${dir} --network=${basename(networkDir)}`;
  return [
    `embedded node on ${rpcFile}`,
    `  log:  ${logFile}`,
    `  try:  lightning-cli ${flags} getinfo`,
    "  end:  Ctrl-C",
  ];
}

function leadsTo(rpcFile: string, lightningDir: string): boolean {
  const found = attempt(() => locateNode({ lightningDir }, { home: undefined, cwd: "/" }));
  return found?.rpcFile === rpcFile;
}

function readOptions(options: NodeCommandOptions): NodeOptions {
  const { lightningDir, network, plugin } = options;
  const logLevel = options.logLevel === undefined ? undefined : parseLogLevel(options.logLevel);
  if (options.logLevel !== undefined && logLevel === undefined) {
    throw usageFailure(`--log-level does not take ${options.logLevel}`, {
      fix: `Use one of ${LOG_LEVELS.join(", ")}`,
    });
  }
  return {
    ...(lightningDir === undefined ? {} : { lightningDir }),
    ...(network === undefined ? {} : { network }),
    ...(plugin === undefined ? {} : { plugins: plugin.map((path) => resolve(path)) }),
    ...(logLevel === undefined ? {} : { logLevel }),
  };
}
