/** `cln-dev node`: runs only the embedded node, in the foreground. */
import { basename, resolve } from "node:path";
import type { NodeOptions, RunningEmbeddedNode } from "../../../embedded/api.js";
import { PluginStderr } from "../../../embedded/log/plugin-stderr.js";
import { runEmbeddedNode } from "../../../embedded/node.js";
import { usageFailure } from "../../../errors/failure.js";
import { attempt } from "../../../filesystem/try-read.js";
import { LOG_LEVELS, parseLogLevel } from "../../../plugin/log-level.js";
import { locateAddress } from "../../../settings/locate/locate-node.js";
import type { NodeFlags } from "../../../settings/types.js";
import { watchParent } from "../../orphan.js";
import { keepHeapSmall } from "../../small-heap.js";
import type { Context, ExitCode } from "../context.js";
import { StderrFile } from "./stderr-file.js";
import { writeLinesTo } from "./stderr-lines.js";

export interface NodeCommandFlags {
  /** `--log-level`: the lowest level in the log file. */
  readonly logLevel?: string;
  /** `--plugin`, repeatable: plugins to start with the node; they need not be dynamic. */
  readonly plugin?: readonly string[];
}

/**
 * Runs until a signal, the RPC method `stop`, or the end of the npm that started it.
 * @throws Failure if the node cannot be started
 */
export async function node({ flags, io }: Context, own: NodeCommandFlags): Promise<ExitCode> {
  keepHeapSmall();
  const options = readOptions(flags, own);
  const { signal } = io;
  const stderr = new PluginStderr(writeLinesTo(io.stderr));
  const file = new StderrFile();
  const starting = runEmbeddedNode({
    ...options,
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
  if (flags.json) io.stdout.write(`${JSON.stringify(factsOf(node))}\n`);
  else if (!flags.quiet) io.stdout.write(`${greetingOf(node).join("\n")}\n`);
  await node.closed;
  endLook();
  signal.removeEventListener("abort", end);
  file.close();
  return 0;
}
/** Refuses other configs and sockets, as `watch --embedded` does: the node has its own. */
function refuseForeign({ conf, rpcFile }: NodeFlags): void {
  if (conf === undefined && rpcFile === undefined) return;
  const flag = conf === undefined ? "--rpc-file" : "--conf";
  throw usageFailure(`${flag} cannot be used with cln-dev node`, {
    why: "the embedded node has its own lightning-dir, config and socket",
    fix: "Name its folder with --lightning-dir: a config there is read",
  });
}

function factsOf({ lightningDir, networkDir, rpcFile, logFile }: RunningEmbeddedNode) {
  return { event: "node", pid: process.pid, lightningDir, networkDir, rpcFile, logFile };
}

function greetingOf({ lightningDir, networkDir, rpcFile, logFile }: RunningEmbeddedNode): string[] {
  const dir = `--lightning-dir=${lightningDir}`;
  // If the config does not name the network, clients would look for bitcoin's socket.
  const flags = leadsTo(rpcFile, lightningDir) ? dir : `${dir} --network=${basename(networkDir)}`;
  return [
    `embedded node on ${rpcFile}`,
    `  log:  ${logFile}`,
    `  try:  lightning-cli ${flags} getinfo`,
    "  end:  Ctrl-C",
  ];
}

function leadsTo(rpcFile: string, lightningDir: string): boolean {
  const found = attempt(() => locateAddress({ lightningDir }, { home: undefined, cwd: "/" }));
  return found?.rpcFile === rpcFile;
}

function readOptions(flags: NodeFlags, own: NodeCommandFlags): NodeOptions {
  const [lightningDir, ...others] = flags.lightningDir;
  if (others.length > 0) throw usageFailure("node takes one --lightning-dir");
  refuseForeign(flags);
  const { network } = flags;
  const logLevel = own.logLevel === undefined ? undefined : parseLogLevel(own.logLevel);
  if (own.logLevel !== undefined && logLevel === undefined) {
    throw usageFailure(`--log-level does not take ${own.logLevel}`, {
      fix: `Use one of ${LOG_LEVELS.join(", ")}`,
    });
  }
  return {
    ...(lightningDir === undefined ? {} : { lightningDir }),
    ...(network === undefined ? {} : { network }),
    plugins: (own.plugin ?? []).map((path) => resolve(path)),
    ...(logLevel === undefined ? {} : { logLevel }),
  };
}
