/** `cln-dev regtest`: starts and controls a network of real nodes. */
import { nearestName } from "../../../errors/did-you-mean.js";
import { usageFailure } from "../../../errors/failure.js";
import { DEFAULT_CAPACITY_SAT, openChannels } from "../../../regtest/network/channels.js";
import { networkFolder } from "../../../regtest/network/folder.js";
import * as mining from "../../../regtest/network/mining.js";
import {
  answeringNode,
  answeringNodes,
  type Network,
  nodeNamed,
  openChain,
  openNetwork,
  removeNetwork,
  showStatus,
  stopNodes,
} from "../../../regtest/network/network.js";
import { configLine } from "../../../regtest/network/node-config.js";
import { DEFAULT_PAYMENT_MSAT, pay } from "../../../regtest/network/payments.js";
import { MAX_NODES, startNetwork, WALLET_SAT } from "../../../regtest/network/start.js";
import { defaultNetworkFolder } from "../../../regtest/regtest-command.js";
import type { Context, ExitCode } from "../context.js";
import { SLOW_BLOCKS, type Steps, withSteps } from "./steps.js";

export interface DirFlag {
  readonly dir?: string;
}

export interface StartFlags extends DirFlag {
  readonly lightningd?: readonly string[];
  readonly capacity?: string;
  readonly channels: boolean;
  readonly automine?: string;
  readonly developer: boolean;
}

export async function regtestStart(
  context: Context,
  nodes: string | undefined,
  options: readonly string[],
  flags: StartFlags,
): Promise<ExitCode> {
  // In `regtest -- --option`, the word after -- is not the number of nodes.
  const isOption = nodes?.startsWith("--") === true;
  const lines = (isOption && nodes !== undefined ? [nodes, ...options] : options).map(configLine);
  const count = isOption ? undefined : nodes;
  if (count !== undefined && /^[a-z]/i.test(count)) throw unknownCommand(count);
  const own = (flags.lightningd ?? []).map((value) => /^(l\d{1,2})=(.+)$/s.exec(value) ?? value);
  const everywhere = own.findLast((value) => typeof value === "string");
  const settings = {
    folder: folderOf(context, flags),
    ...(count === undefined
      ? {}
      : { count: wholeNumber("the number of nodes", count, 1, MAX_NODES) }),
    ...(typeof everywhere === "string" ? { lightningd: everywhere } : {}),
    lightningdOf: new Map(
      own.flatMap((value) => (typeof value === "string" ? [] : [[value[1] ?? "", value[2] ?? ""]])),
    ),
    capacitySat: satOf("--capacity", flags.capacity, DEFAULT_CAPACITY_SAT),
    channels: flags.channels,
    developer: flags.developer,
    lines,
    ...(flags.automine === undefined
      ? {}
      : { automine: wholeNumber("--automine", flags.automine, 0, MAX_AUTOMINE) }),
  };
  return withSteps(context, async (steps) => {
    await startNetwork(settings, steps);
    return 0;
  });
}

/**
 * Runs `cln-dev regtest status`.
 * @returns 1 if a node is not running
 */
export function regtestStatus(context: Context, flags: DirFlag): Promise<ExitCode> {
  const network = openNetwork(folderOf(context, flags));
  return withSteps(context, async (steps) => ((await showStatus(network, steps)) ? 0 : 1));
}

export function regtestStop(
  context: Context,
  names: readonly string[],
  flags: DirFlag,
): Promise<ExitCode> {
  const network = openNetwork(folderOf(context, flags));
  const nodes = names.length === 0 ? network.nodes : names.map((name) => nodeNamed(network, name));
  return withSteps(context, async (steps) => {
    await stopNodes(nodes, steps);
    return 0;
  });
}

export function regtestReset(context: Context, flags: DirFlag): Promise<ExitCode> {
  const folder = folderOf(context, flags);
  return withSteps(context, async (steps) => {
    await removeNetwork(folder, steps);
    return 0;
  });
}

export function regtestMine(
  context: Context,
  blocks: string | undefined,
  flags: DirFlag,
): Promise<ExitCode> {
  const count = wholeNumber("the number of blocks", blocks ?? "1", 1, MAX_BLOCKS);
  return onNetwork(context, flags, async (network, steps) => {
    const faster = count > MANY_BLOCKS ? mining.fasterFolder(network.folder) : undefined;
    if (faster !== undefined)
      steps.note(`nodes take blocks some ten times faster with --dir ${faster}, in memory`);
    if (!network.file.developer) steps.note(SLOW_BLOCKS);
    await mining.mine(openChain(network), await answeringNodes(network), count, steps);
  });
}

export function regtestFund(
  context: Context,
  name: string,
  sat: string | undefined,
  flags: DirFlag,
): Promise<ExitCode> {
  const amount = satOf("the amount", sat, WALLET_SAT);
  return onNetwork(context, flags, async (network, steps) => {
    const node = await answeringNode(network, name);
    await mining.fund(openChain(network), await answeringNodes(network), [node], amount, steps);
  });
}

export function regtestOpen(
  context: Context,
  from: string,
  to: string,
  sat: string | undefined,
  flags: DirFlag,
): Promise<ExitCode> {
  const capacity = satOf("the capacity", sat, DEFAULT_CAPACITY_SAT);
  refuseSame(from, to);
  return onNetwork(context, flags, async (network, steps) => {
    const ends = { from: await answeringNode(network, from), to: await answeringNode(network, to) };
    const running = await answeringNodes(network);
    await openChannels(openChain(network), running, [ends], capacity, steps);
  });
}

export function regtestPay(
  context: Context,
  from: string,
  to: string,
  msat: string | undefined,
  flags: DirFlag & { readonly keysend?: boolean },
): Promise<ExitCode> {
  const amount =
    msat === undefined ? DEFAULT_PAYMENT_MSAT : wholeNumber("the amount", msat, 1, MAX_AMOUNT);
  refuseSame(from, to);
  return onNetwork(context, flags, async (network, steps) => {
    const payer = await answeringNode(network, from);
    const payee = await answeringNode(network, to);
    const running = await answeringNodes(network);
    await pay(running, payer, payee, amount, flags.keysend ?? false, steps);
  });
}

export function regtestReorg(context: Context, depth: string, flags: DirFlag): Promise<ExitCode> {
  const count = wholeNumber("the depth", depth, 1, MAX_BLOCKS);
  return onNetwork(context, flags, async (network, steps) => {
    await mining.reorganize(openChain(network), await answeringNodes(network), count, steps);
  });
}

export function regtestFees(
  context: Context,
  values: readonly string[],
  flags: DirFlag,
): Promise<ExitCode> {
  const rates = Object.fromEntries(
    values
      .flatMap((value) => value.split(","))
      .map((value) => {
        const [blocks = "", rate = "", ...more] = value.split("=");
        if (more.length > 0 || rate === "") {
          throw usageFailure(`${JSON.stringify(value)} is not a fee rate`, {
            fix: "Write blocks=rate, the rate in sat per 1000 vbytes: 2=20000",
          });
        }
        return [
          wholeNumber("the number of blocks", blocks, 1, 1008),
          wholeNumber("the fee rate", rate, 1012, 10_000_000),
        ] as const;
      }),
  );
  return onNetwork(context, flags, async (network, steps) => {
    await mining.setFees(openChain(network), await answeringNodes(network), rates, steps);
  });
}

function onNetwork(
  context: Context,
  flags: DirFlag,
  act: (network: Network, steps: Steps) => Promise<void>,
): Promise<ExitCode> {
  const network = openNetwork(folderOf(context, flags));
  return withSteps(context, async (steps) => {
    await act(network, steps);
    return 0;
  });
}

const COMMANDS = [
  "start",
  "status",
  "stop",
  "reset",
  "mine",
  "fund",
  "open",
  "pay",
  "reorg",
  "fees",
];

function unknownCommand(word: string) {
  const near = nearestName(word, COMMANDS);
  return usageFailure(`cln-dev regtest has no command ${JSON.stringify(word)}`, {
    fix: near === undefined ? `Use one of ${COMMANDS.join(", ")}` : `Did you mean ${near}?`,
  });
}

const MAX_AUTOMINE = 100;
const MAX_BLOCKS = 10_000;
/** The number of blocks above which a faster folder is suggested: mining them takes seconds. */
const MANY_BLOCKS = 200;
const MAX_AMOUNT = 21_000_000 * 100_000_000;

/**
 * Returns the network's folder.
 * @throws Failure (exit code 2) if it is unusable, or other flags name a node
 */
function folderOf({ flags, surroundings }: Context, { dir }: DirFlag): string {
  const { lightningDir, network, rpcFile, conf, embedded } = flags;
  const named = [
    ...(lightningDir.length > 0 ? ["--lightning-dir"] : []),
    ...(network !== undefined && network !== "regtest" ? [`--network=${network}`] : []),
    ...(rpcFile === undefined ? [] : ["--rpc-file"]),
    ...(conf === undefined ? [] : ["--conf"]),
    ...(embedded === true ? ["--embedded"] : []),
  ];
  if (named[0] !== undefined) {
    throw usageFailure(`${named[0]} cannot be used with cln-dev regtest`, {
      fix: "Name the network's folder with --dir, or leave both out",
    });
  }
  if (dir === "") {
    throw usageFailure("--dir is empty", { fix: "Write a path after --dir, or leave it out" });
  }
  return networkFolder(dir ?? defaultNetworkFolder(), surroundings.cwd);
}

function refuseSame(from: string, to: string): void {
  if (from === to)
    throw usageFailure(`${from} cannot do that with itself`, { fix: "Name two nodes" });
}

function satOf(what: string, given: string | undefined, otherwise: number): number {
  return given === undefined ? otherwise : wholeNumber(what, given, 1, MAX_AMOUNT);
}

/** @throws Failure (exit code 2) */
function wholeNumber(what: string, given: string, least: number, most: number): number {
  const number = /^\d{1,16}$/.test(given) ? Number(given) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw usageFailure(`${what} cannot be ${JSON.stringify(given)}`, {
    fix: `Write a whole number from ${least} to ${most}`,
  });
}
