/** The commander program: global flags, help, usage errors. */
import { Command, Option } from "commander";
import { isSecretName } from "../plugin/secret-options.js";
import { NETWORK_FLAGS, NETWORKS } from "../settings/locate/networks.js";
import type { Context, ExitCode, GlobalFlags, Io, RunCommand } from "./commands/context.js";
import { defineCommands, repeatable } from "./commands/definitions.js";

/** Runs a command with the global flags and keeps its exit code for the end of the program. */
export type Run = (
  flags: GlobalFlags,
  command: (context: Context) => Promise<ExitCode>,
) => Promise<void>;

const DEFAULTS = { lightningDir: [], json: false, color: true, quiet: false, verbose: false };

/** Matches commander's error for `--name=value`: plugin options are written without dashes. */
const DASHED_OPTION = /^error: unknown option '--([A-Za-z0-9_-]+)=(.*)'/s;

/** Builds the program for a command line. */
export function buildProgram(io: Io, run: Run, words: readonly string[]): Command {
  let network: string | undefined;
  const program = new Command("cln-dev");
  // Set before the commands are added: they inherit it.
  program
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text, write) => write(wrongUse(text)),
      getOutHelpWidth: () => io.stdout.columns || 80,
      getErrHelpWidth: () => io.stderr.columns || 80,
    })
    .configureHelp({
      showGlobalOptions: true,
      minWidthToWrap: 20,
      // `cln-dev --help` lists them all.
      subcommandTerm: (command) => command.name(),
      visibleGlobalOptions: (command) =>
        command === program ? [] : program.options.filter(({ long }) => isCommon(long)),
    });
  program
    .description("Save your Core Lightning plugin and the node runs the new code.")
    .usage("[command] [options]")
    .optionsGroup("Which node:")
    .option("--lightning-dir <dir>", "the node's folder (repeatable: several nodes)", repeatable)
    .option("--network <name>", NETWORKS.join(", "))
    .option("--rpc-file <path>", "the node's socket, if it is not lightning-rpc")
    .option("--conf <file>", "read this config file instead of those in the lightning-dir")
    .option("--embedded", "use the embedded node: no lightningd needed")
    .on("option:network", (name: string) => {
      network = name;
    });
  for (const [flag, name] of Object.entries(NETWORK_FLAGS)) {
    program
      .addOption(new Option(`--${flag}`, `same as --network=${name}`))
      .on(`option:${flag}`, () => {
        network = name;
      });
  }
  program
    .optionsGroup("Output:")
    .option("--json", "one JSON object per line, for programs")
    .option("--no-color", "no colours")
    .option("-q, --quiet", "print failures only")
    .option("-v, --verbose", "print every step")
    .optionsGroup("Help:")
    .version(CLN_DEV_VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "show this help")
    .addHelpText("before", EXAMPLES)
    .addHelpText("after", '\nRun "cln-dev <command> --help" for its options.');
  program.helpCommand("help [command]", "show the help of a command");
  const withFlags: RunCommand = (command) =>
    run({ ...DEFAULTS, ...program.opts(), network }, command);
  defineCommands(program, withFlags, words);
  return program;
}

const EXAMPLES = `Examples:
  $ cln-dev init                       write a small working plugin
  $ cln-dev ./myplugin.py --embedded   reload it at each save, without lightningd
  $ cln-dev ./myplugin.py --regtest    the same on your own node
  $ cln-dev check ./myplugin.py        check it without a node
`;

function isCommon(flag: string | undefined): boolean {
  return ["--lightning-dir", "--network", "--embedded", "--json", "--quiet"].includes(flag ?? "");
}

/** Reformats commander's message like all other errors. Hides values that may be secret. */
function wrongUse(text: string): string {
  const [, name = "", value = ""] = DASHED_OPTION.exec(text) ?? [];
  if (name === "") return text.replace(/^error: /, "cln-dev: ");
  const shown = isSecretName(name) ? "***" : value;
  const [, suggestion = ""] = /(\n\(Did you mean .*)$/s.exec(text) ?? [];
  return [
    `cln-dev: unknown option --${name}${suggestion.trimEnd()}`,
    `  Options of the plugin are written without dashes: ${name}=${shown}`,
    "",
  ].join("\n");
}
