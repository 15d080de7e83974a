/** The program: its global flags, its signals, its end. The only place that ends the process. */
import { Command, CommanderError, Option } from "commander";
import { Failure } from "../errors/failure.js";
import { NETWORK_FLAGS } from "../settings/locate/networks.js";
import { collect } from "./commands/collect.js";
import type { GlobalFlags } from "./commands/context.js";
import { defineCommands, type Run } from "./commands/definitions.js";
import { ProcessIo } from "./process-io.js";

const defaults = { lightningDir: [], json: false, color: true, quiet: false, verbose: false };

const ending = new AbortController();
const io = new ProcessIo(ending);

async function main(argv: readonly string[]): Promise<number> {
  endBySignals();
  let exitCode: number = 0;
  let network: string | undefined;
  const program = new Command("cln-dev");

  /** Runs a command with what the global flags come to; a failure becomes a message and a code. */
  const run: Run = async (command) => {
    const flags: GlobalFlags = { ...defaults, ...program.opts(), network };
    try {
      const surroundings = { home: process.env.HOME, cwd: process.cwd() };
      const running = command({ flags, io, surroundings });
      // Opened while the node is at work.
      setImmediate(() => void io.stdout);
      exitCode = await running;
    } catch (error) {
      // Who ended it himself needs no reason.
      exitCode = ending.signal.aborted ? 130 : await tell(error, flags);
    }
  };

  // Before the commands: they inherit it.
  program.exitOverride().configureOutput({
    writeOut: (text) => io.stdout.write(text),
    writeErr: (text) => io.stderr.write(text),
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
    // The others are hidden: nobody asks for them but by name.
    if (flag !== "regtest" && !argv.includes(`--${flag}`)) continue;
    program
      .addOption(
        new Option(`--${flag}`, `short for --network=${name}`).hideHelp(flag !== "regtest"),
      )
      .on(`option:${flag}`, () => {
        network = name;
      });
  }

  defineCommands(program, argv, run);

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

function endBySignals(): void {
  let since = 0;
  const onSignal = () => {
    if (!ending.signal.aborted) since = performance.now();
    // A second one does not wait for anything.
    else if (performance.now() - since > SAME_WISH_MS) process.exit(130);
    ending.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
}

async function tell(error: unknown, flags: GlobalFlags): Promise<number> {
  const { failureJson, failureLines } = await import("./report/failure.js");
  const { styleOf } = await import("./report/style.js");
  if (flags.json) {
    io.stderr.write(`${JSON.stringify({ error: failureJson(error) })}\n`);
  } else {
    const { paint } = styleOf(io.stderr, flags);
    io.stderr.write(`${failureLines(error, paint).join("\n")}\n`);
  }
  return error instanceof Failure ? error.exitCode : 1;
}

main(process.argv.slice(2)).then(
  (exitCode) => io.flush().then(() => process.exit(io.exitCode(exitCode))),
  (error: unknown) => {
    io.stderr.write(`cln-dev: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
