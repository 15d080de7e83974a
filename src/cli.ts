/** The program: its global flags, its signals, its end. The only place that ends the process. */
import { Command, CommanderError, Option } from "commander";
import { collect } from "./commands/collect.js";
import type { GlobalFlags } from "./commands/context.js";
import { defineCommands, type Run } from "./commands/definitions.js";
import { Failure, systemCode } from "./failure.js";
import { NETWORK_FLAGS } from "./settings/networks.js";

const defaults = { lightningDir: [], json: false, color: true, quiet: false, verbose: false };

async function main(argv: readonly string[]): Promise<number> {
  const ending = new AbortController();
  endBySignals(ending);
  let exitCode: number = 0;
  let network: string | undefined;
  const program = new Command("cln-dev");

  /** Runs a command with what the global flags come to; a failure becomes a message and a code. */
  const run: Run = async (command) => {
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
