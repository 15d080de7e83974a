/** The program: its signals and exit code. The only place that ends the process. */
import { CommanderError } from "commander";
import { Failure } from "../errors/failure.js";
import type { GlobalFlags } from "./commands/context.js";
import { startedByNohup } from "./process-group.js";
import { ProcessIo } from "./process-io.js";
import { buildProgram, type Run } from "./program.js";

const ending = new AbortController();
const io = new ProcessIo(ending);

async function main(argv: readonly string[]): Promise<number> {
  endBySignals();
  let exitCode = 0;

  /** Runs a command. Reports its failure and sets the exit code. */
  const run: Run = async (flags, command) => {
    try {
      const surroundings = { home: process.env.HOME, cwd: process.cwd() };
      exitCode = await command({ flags, io, surroundings });
    } catch (error) {
      // The user ended the program: no message needed.
      exitCode = ending.signal.aborted ? 130 : await report(error, flags);
    }
  };

  try {
    await buildProgram(io, run, argv).parseAsync(argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : 2;
  }
  return exitCode;
}

/**
 * How long a repeated signal counts as the same one, in ms: npm forwards a signal that the terminal
 * also sent us, and a closing terminal sends it twice.
 */
const SAME_SIGNAL_MS = 500;

function endBySignals(): void {
  let since = 0;
  const onSignal = () => {
    if (!ending.signal.aborted) since = performance.now();
    // A second signal ends the program at once.
    else if (performance.now() - since > SAME_SIGNAL_MS) process.exit(130);
    ending.abort();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  process.on("SIGHUP", startedByNohup() ? () => {} : onSignal);
  // A watch reloads on it. Before the session is open, it must not end the program.
  process.on("SIGUSR2", () => {});
}

async function report(error: unknown, flags: GlobalFlags): Promise<number> {
  const { failureJson, failureLines } = await import("./report/failure.js");
  const { styleOf } = await import("./report/style.js");
  if (flags.json) {
    io.stderr.write(`${JSON.stringify({ error: failureJson(error) })}\n`);
  } else {
    const { wrapLines } = await import("./report/wrap.js");
    const { paint } = styleOf(io.stderr, flags);
    const lines = wrapLines(io.stderr, failureLines(error, paint));
    io.stderr.write(`${lines.join("\n")}\n`);
  }
  return error instanceof Failure ? error.exitCode : 1;
}

main(process.argv.slice(2)).then(
  (exitCode) => io.exit(exitCode),
  (error: unknown) => {
    io.stderr.write(`cln-dev: ${error instanceof Error ? error.message : String(error)}\n`);
    return io.exit(1);
  },
);
