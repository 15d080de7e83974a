/** The subcommands of `cln-dev regtest`, their arguments and flags. */
import type { Command } from "commander";
import type { RunCommand } from "../context.js";

const load = () => import("./regtest.js");

/** Defines `cln-dev regtest` and its subcommands. */
export function defineRegtest(command: Command, run: RunCommand): void {
  command
    .description("run real nodes with channels and money, without bitcoind")
    .addHelpText("before", EXAMPLES);
  withDir(command.command("start", { isDefault: true }))
    .argument("[nodes]", "how many nodes (2, or as many as there are)")
    .argument("[options...]", "after --: options of lightningd for the config of new nodes")
    .description("start the nodes, and create what is missing")
    .option("--lightningd <path>", "this lightningd; l3=PATH for one node (repeatable)", repeatable)
    .option("--capacity <sat>", "of each channel; half of it is on either side (10000000)")
    .option("--no-channels", "no channels between the nodes")
    .option("--automine <blocks>", "mine that many when a transaction is sent; 0 turns it off")
    .option("--no-developer", "nodes without --developer: plugins are started without it, too")
    .action((nodes: string | undefined, options: string[], flags) =>
      run(async (context) => (await load()).regtestStart(context, nodes, options, flags)),
    );
  withDir(command.command("status"))
    .description("show the nodes and channels")
    .action((flags) => run(async (context) => (await load()).regtestStatus(context, flags)));
  withDir(command.command("stop"))
    .argument("[node...]", "l1, l2, ...; default: all")
    .description("stop the nodes; start brings them back as they were")
    .action((nodes: string[], flags) =>
      run(async (context) => (await load()).regtestStop(context, nodes, flags)),
    );
  withDir(command.command("reset"))
    .description("stop the nodes and remove the network")
    .action((flags) => run(async (context) => (await load()).regtestReset(context, flags)));
  withDir(command.command("mine"))
    .argument("[blocks]", "how many (1)")
    .description("mine blocks, and wait until the nodes have them")
    .action((blocks: string | undefined, flags) =>
      run(async (context) => (await load()).regtestMine(context, blocks, flags)),
    );
  withDir(command.command("fund"))
    .argument("<node>", "l1, l2, ...")
    .argument("[sat]", "how much (100000000)")
    .description("pay to the node's wallet, confirmed")
    .action((node: string, sat: string | undefined, flags) =>
      run(async (context) => (await load()).regtestFund(context, node, sat, flags)),
    );
  withDir(command.command("open"))
    .argument("<from>", "l1, l2, ...")
    .argument("<to>", "l1, l2, ...")
    .argument("[sat]", "its capacity; half of it is on either side (10000000)")
    .description("open one more channel")
    .action((from: string, to: string, sat: string | undefined, flags) =>
      run(async (context) => (await load()).regtestOpen(context, from, to, sat, flags)),
    );
  withDir(command.command("pay"))
    .argument("<from>", "l1, l2, ...")
    .argument("<to>", "l1, l2, ...")
    .argument("[msat]", "how much (1000000)")
    .description("pay an invoice of the second node")
    .option("--keysend", "pay without an invoice")
    .action((from: string, to: string, msat: string | undefined, flags) =>
      run(async (context) => (await load()).regtestPay(context, from, to, msat, flags)),
    );
  withDir(command.command("reorg"))
    .argument("<depth>", "how many blocks, at most 29")
    .description("replace the last blocks; their transactions are mined again")
    .action((depth: string, flags) =>
      run(async (context) => (await load()).regtestReorg(context, depth, flags)),
    );
  withDir(command.command("fees"))
    .argument("<blocks=rate...>", "sat per 1000 vbytes, as in 2=20000 100=2000")
    .description("set the fee rates that the nodes see")
    .action((rates: string[], flags) =>
      run(async (context) => (await load()).regtestFees(context, rates, flags)),
    );
}

function withDir(command: Command): Command {
  return command.option(
    "--dir <dir>",
    "the network's folder (one for each user, in the temp folder)",
  );
}

function repeatable(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

const EXAMPLES = `Examples:
  $ cln-dev regtest 3
  $ cln-dev regtest pay l1 l3 50000
  $ cln-dev regtest -- --experimental-dual-fund
`;
