/**
 * The command line: what it takes and what it says of itself. A command's code is loaded only when
 * it runs, because the start counts (DESIGN: speed). The only place that ends the process.
 */
import { Command, CommanderError, Option } from "commander";
import type { Context, ExitCode, GlobalFlags } from "./commands/context.js";
import { Failure, systemCode } from "./failure.js";
import { NETWORK_FLAGS } from "./settings/networks.js";

const defaults = { lightningDir: [], json: false, color: true, quiet: false, verbose: false };
const collect = (value: string, before: readonly string[] = []) => [...before, value];

async function main(argv: readonly string[]): Promise<number> {
  const ending = new AbortController();
  endBySignals(ending);
  let exitCode: number = 0;
  let network: string | undefined;
  const program = new Command("cln-dev");

  /** Runs a command with what the global flags come to; a failure becomes a message and a code. */
  const run = async (command: (context: Context) => Promise<ExitCode>) => {
    const flags: GlobalFlags = { ...defaults, ...program.opts(), network };
    const { stdout, stderr } = process;
    // Opened only by who reads it: it takes its time.
    const io = {
      get stdin() {
        return process.stdin;
      },
      stdout,
      stderr,
      signal: ending.signal,
    };
    try {
      exitCode = await command({
        flags,
        io,
        surroundings: { home: process.env.HOME, cwd: process.cwd() },
      });
    } catch (error) {
      // Who ended it himself needs no reason.
      exitCode = ending.signal.aborted ? 130 : await tell(error, flags);
    }
  };

  // Before the commands: they inherit it.
  program.exitOverride().configureOutput({
    outputError: (text, write) => write(text.replace(/^error: /, "cln-dev: ")),
  });
  program
    .description("Save your Core Lightning plugin, and the node runs the new code.")
    .version(CLN_DEV_VERSION, "--version", "print the version")
    .helpOption("-h, --help", "show this help")
    .configureHelp({ showGlobalOptions: true })
    .option("--lightning-dir <dir>", "the node's folder (several times: several nodes)", collect)
    .addOption(new Option("--network <name>", "bitcoin, testnet, testnet4, signet, regtest, ..."))
    .option("--rpc-file <path>", "the node's socket, if it is not lightning-rpc")
    .option("--conf <file>", "read this config file instead of those in the lightning-dir")
    .option("--embedded", "use the embedded node: no lightningd needed")
    .option("--json", "one JSON object a line, for programs")
    .option("--no-color", "no colours")
    .option("-q, --quiet", "say only what went wrong")
    .option("-v, --verbose", "say each step")
    .on("option:network", (name: string) => {
      network = name;
    });
  for (const [flag, name] of Object.entries(NETWORK_FLAGS)) {
    program
      .addOption(
        new Option(`--${flag}`, `short for --network=${name}`).hideHelp(flag !== "regtest"),
      )
      .on(`option:${flag}`, () => {
        network = name;
      });
  }

  const withPlugin = (command: Command) =>
    command
      .argument("[plugin...]", "the plugin's file, then its options as key=value")
      .option("-o, --option <key=value>", "an option for the plugin (several times)", collect, []);

  withPlugin(program.command("watch"))
    .description("reload the plugin whenever it is saved")
    .option("--watch <path>", "watch this file or folder instead (several times)", collect)
    .option("--ignore <pattern>", "leave this out, as in a .gitignore (several times)", collect)
    .option("--build <command>", "run this before each reload; when it fails there is none")
    .option("--call <method params>", "call this after each reload (several times)", collect)
    .option("--safe", "stop the old version only if the new one passes its handshake")
    .option("--stop-on-exit", "stop the plugin at the end")
    .option("--poll [ms]", "look at the files every so many ms (Docker, WSL, network drives)")
    .addHelpText(
      "after",
      example("cln-dev watch ./myplugin.py --lightning-dir=/tmp/l1-regtest foo_opt=BAR"),
    )
    .action((args: string[], flags) =>
      run(async (context) => {
        (await import("./watch/small-memory.js")).staySmall();
        return (await import("./commands/watch.js")).watch(context, args, flags);
      }),
    );
  withPlugin(program.command("restart"))
    .description("reload now: by the watch session that has the plugin, or else by itself")
    .addHelpText("after", example("cln-dev restart && lightning-cli --regtest myplugin"))
    .action((args: string[], flags) =>
      run(async (context) => (await import("./commands/restart.js")).restart(context, args, flags)),
    );
  withPlugin(program.command("start"))
    .description("start the plugin, in place of one that runs")
    .addHelpText("after", example("cln-dev start ./myplugin.py --regtest foo_opt=BAR"))
    .action((args: string[], flags) =>
      run(async (context) => (await import("./commands/start.js")).start(context, args, flags)),
    );
  program
    .command("stop")
    .argument("[plugin...]", "the plugin's file, or its name on the node")
    .description("stop the plugin")
    .addHelpText("after", example("cln-dev stop ./myplugin.py --regtest"))
    .action((args: string[]) =>
      run(async (context) => (await import("./commands/stop.js")).stop(context, args)),
    );
  program
    .command("list")
    .description("show the plugins that the node runs")
    .addHelpText("after", example("cln-dev list --regtest"))
    .action(() => run(async (context) => (await import("./commands/list.js")).list(context)));
  program
    .command("call")
    .argument("<method>", "an RPC method of the node or of a plugin")
    .argument("[params...]", "its parameters: JSON literals as such, the rest as strings")
    .option("-k, --keywords", "the parameters are key=value")
    .description("call a method and print its result")
    .addHelpText("after", example("cln-dev call --regtest -k myplugin foo1=bar1"))
    .action((method: string, params: string[], flags) =>
      run(async (context) =>
        (await import("./commands/call.js")).call(context, method, params, flags),
      ),
    );
  withPlugin(program.command("check"))
    .description("look a plugin over, offline: its handshake, its manifest, what it writes")
    .option("--watch", "check again whenever it changes")
    .addHelpText("after", example("cln-dev check ./myplugin.py foo_opt=BAR"))
    .action((args: string[], flags) =>
      run(async (context) => (await import("./commands/check.js")).check(context, args, flags)),
    );
  program
    .command("logs")
    .argument("[plugin...]", "the plugin's file, or its name on the node")
    .description("show the plugin's log lines, live")
    .option("--level <level>", "the lowest level: trace, debug, info, warn or error", "info")
    .option("--since <time>", "first what was logged since then: 10m, 2h, 2026-08-20T12:00")
    .option("--last <lines>", "first so many of the last lines (10)")
    .option("--no-follow", "only what is there already")
    .addHelpText("after", example("cln-dev logs ./myplugin.py --regtest --level debug --since 10m"))
    .action((args: string[], flags) =>
      run(async (context) => (await import("./commands/logs.js")).logs(context, args, flags)),
    );
  program
    .command("emit")
    .argument("[topic]", "a notification or a hook, such as connect or htlc_accepted")
    .argument("[payload...]", "a JSON object, or key=value to change the example")
    .option("--list", "show every topic and who gets it; with a topic, its example payload")
    .option("--hook", "only the hook, where a notification has the same name")
    .option("--notification", "only the notification, where a hook has the same name")
    .description("raise an event on the embedded node and show what the plugins answer")
    .addHelpText("after", example("cln-dev emit invoice_payment label=tip msat=5000"))
    .action((topic: string | undefined, values: string[], flags) =>
      run(async (context) =>
        (await import("./commands/emit.js")).emit(context, topic, values, flags),
      ),
    );
  program
    .command("node")
    .description("run the embedded node alone, until Ctrl-C")
    .option("--log-level <level>", "io, trace, debug, info, unusual or broken")
    .option("--plugin <path>", "start this plugin with the node (several times)", collect)
    .addHelpText("after", example("cln-dev node --lightning-dir=/tmp/l1-regtest"))
    .action((flags) =>
      run(async (context) => (await import("./commands/node.js")).node(context, flags)),
    );

  try {
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : 2;
  }
  return exitCode;
}

/** npm passes a signal on that the terminal has sent as well, and a closing terminal sends it twice. */
const SAME_WISH_MS = 500;

function endBySignals(ending: AbortController): void {
  let since = 0;
  const onSignal = () => {
    if (!ending.signal.aborted) since = performance.now();
    // A second one does not wait for anything.
    else if (performance.now() - since > SAME_WISH_MS) process.exit(130);
    ending.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
  // Whoever read our output has gone (`| head`, a closed terminal): there is nobody left to tell.
  process.stdout.on("error", (error) => {
    lostOutput = error;
    ending.abort();
  });
  process.stderr.on("error", () => {});
}

let lostOutput: Error | undefined;

/** That nobody reads any more is no failure; that a disk is full is one. */
function outputCode(exitCode: number): number {
  if (lostOutput === undefined) return exitCode;
  if (["EPIPE", "EIO"].includes(systemCode(lostOutput) ?? "")) return 0;
  process.stderr.write(`cln-dev: stdout cannot be written: ${lostOutput.message}\n`);
  return 1;
}

function example(line: string): string {
  return `\nExample:\n  $ ${line}`;
}

async function tell(error: unknown, flags: GlobalFlags): Promise<number> {
  const { failureJson, failureLines } = await import("./report/failure.js");
  const { styleOf } = await import("./report/style.js");
  if (flags.json) {
    process.stderr.write(`${JSON.stringify({ error: failureJson(error) })}\n`);
  } else {
    const { paint } = styleOf(process.stderr, flags);
    process.stderr.write(`${failureLines(error, paint).join("\n")}\n`);
  }
  return error instanceof Failure ? error.exitCode : 1;
}

/** What goes into a pipe is written later: it must not be lost. */
async function flush(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    await new Promise<void>((resolve) => stream.write("", () => resolve()));
  }
}

main(process.argv.slice(2)).then(
  (exitCode) => flush().then(() => process.exit(outputCode(exitCode))),
  (error: unknown) => {
    process.stderr.write(`cln-dev: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
