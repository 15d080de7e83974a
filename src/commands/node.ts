/** `cln-dev node`: the embedded node alone, in the foreground. */

import { LOG_LEVELS, parseLogLevel } from "../embedded/log-level.js";
import { type EmbeddedNodeOptions, startEmbeddedNode } from "../embedded/node.js";
import { usageFailure } from "../failure.js";
import type { Context, ExitCode, Io } from "./context.js";
import { PluginStderr, writeLinesTo } from "./plugin-stderr.js";

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
export function node({ flags, io }: Context, own: NodeCommandOptions): Promise<ExitCode> {
  const [lightningDir, ...others] = flags.lightningDir;
  if (others.length > 0) throw usageFailure("node takes one --lightning-dir");
  const { network } = flags;
  return runNode(
    {
      ...own,
      ...(lightningDir === undefined ? {} : { lightningDir }),
      ...(network === undefined ? {} : { network }),
    },
    io,
  );
}

/**
 * Runs until it is told to stop: by a signal, or by the RPC method `stop`.
 * @returns the exit code
 * @throws Failure where the node cannot be started
 */
export async function runNode(
  options: NodeCommandOptions,
  io: Pick<Io, "stdout" | "stderr" | "signal">,
): Promise<ExitCode> {
  const { signal } = io;
  const stderr = new PluginStderr(writeLinesTo(io.stderr));
  const starting = startEmbeddedNode({
    ...readOptions(options),
    signal,
    onPluginStderr: (name, chunk) => stderr.take(name, chunk),
  });
  const node = await starting.catch((error: unknown) => {
    if (signal.aborted) return undefined;
    throw error;
  });
  if (node === undefined) return 0;
  const end = () => void node.close();
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  io.stdout.write(
    `embedded node on ${node.rpcFile}\n` +
      `  log:  ${node.logFile}\n` +
      `  try:  lightning-cli --lightning-dir=${node.lightningDir} getinfo\n` +
      "  end:  Ctrl-C\n",
  );
  await node.closed;
  signal.removeEventListener("abort", end);
  return 0;
}

function readOptions(options: NodeCommandOptions): EmbeddedNodeOptions {
  const { lightningDir, network, plugin } = options;
  const logLevel = options.logLevel === undefined ? undefined : parseLogLevel(options.logLevel);
  if (options.logLevel !== undefined && logLevel === undefined) {
    throw usageFailure(`--log-level does not take ${options.logLevel}`, {
      fix: `use one of ${LOG_LEVELS.join(", ")}`,
    });
  }
  return {
    ...(lightningDir === undefined ? {} : { lightningDir }),
    ...(network === undefined ? {} : { network }),
    ...(plugin === undefined ? {} : { plugins: plugin }),
    ...(logLevel === undefined ? {} : { logLevel }),
  };
}
