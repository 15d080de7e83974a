/**
 * What each command takes and what it says of itself. Its code is loaded only when it runs, because
 * the start counts (DESIGN: speed).
 */
import type { Command } from "commander";
import { collect } from "./collect.js";
import type { Context, ExitCode } from "./context.js";

/** Runs a command's code, and keeps what comes of it for the end of the program. */
export type Run = (command: (context: Context) => Promise<ExitCode>) => Promise<void>;

type Define = (command: Command, run: Run) => void;

const DEFINITIONS: Readonly<Record<string, Define>> = {
  watch: (command, run) => {
    withPlugin(command)
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
          (await import("./watch/heap-limits.js")).staySmall();
          return (await import("./watch/watch.js")).watch(context, args, flags);
        }),
      );
  },
  restart: (command, run) => {
    withPlugin(command)
      .description("reload now: by the watch session that has the plugin, or else by itself")
      .addHelpText("after", example("cln-dev restart && lightning-cli --regtest myplugin"))
      .action((args: string[], flags) =>
        run(async (context) => (await import("./restart.js")).restart(context, args, flags)),
      );
  },
  start: (command, run) => {
    withPlugin(command)
      .description("start the plugin, in place of one that runs")
      .addHelpText("after", example("cln-dev start ./myplugin.py --regtest foo_opt=BAR"))
      .action((args: string[], flags) =>
        run(async (context) => (await import("./start.js")).start(context, args, flags)),
      );
  },
  stop: (command, run) => {
    command
      .argument("[plugin...]", "the plugin's file, or its name on the node")
      .description("stop the plugin")
      .addHelpText("after", example("cln-dev stop ./myplugin.py --regtest"))
      .action((args: string[]) =>
        run(async (context) => (await import("./stop.js")).stop(context, args)),
      );
  },
  list: (command, run) => {
    command
      .description("show the plugins that the node runs")
      .addHelpText("after", example("cln-dev list --regtest"))
      .action(() => run(async (context) => (await import("./list.js")).list(context)));
  },
  call: (command, run) => {
    command
      .argument("<method>", "an RPC method of the node or of a plugin")
      .argument("[params...]", "its parameters: JSON literals as such, the rest as strings")
      .option("-k, --keywords", "the parameters are key=value")
      .description("call a method and print its result")
      .addHelpText("after", example("cln-dev call --regtest -k myplugin foo1=bar1"))
      .action((method: string, params: string[], flags) =>
        run(async (context) => (await import("./call.js")).call(context, method, params, flags)),
      );
  },
  check: (command, run) => {
    withPlugin(command)
      .description("look a plugin over, offline: its handshake, its manifest, what it writes")
      .option("--watch", "check again whenever it changes")
      .addHelpText("after", example("cln-dev check ./myplugin.py foo_opt=BAR"))
      .action((args: string[], flags) =>
        run(async (context) => (await import("./check.js")).check(context, args, flags)),
      );
  },
  logs: (command, run) => {
    command
      .argument("[plugin...]", "the plugin's file, or its name on the node")
      .description("show the plugin's log lines, live")
      .option("--level <level>", "the lowest level: trace, debug, info, warn or error", "info")
      .option("--since <time>", "first what was logged since then: 10m, 2h, 2026-08-20T12:00")
      .option("--last <lines>", "first so many of the last lines (10)")
      .option("--no-follow", "only what is there already")
      .addHelpText(
        "after",
        example("cln-dev logs ./myplugin.py --regtest --level debug --since 10m"),
      )
      .action((args: string[], flags) =>
        run(async (context) => (await import("./logs.js")).logs(context, args, flags)),
      );
  },
  emit: (command, run) => {
    command
      .argument("[topic]", "a notification or a hook, such as connect or htlc_accepted")
      .argument("[payload...]", "a JSON object, or key=value to change the example")
      .option("--list", "show every topic and who gets it; with a topic, its example payload")
      .option("--hook", "only the hook, where a notification has the same name")
      .option("--notification", "only the notification, where a hook has the same name")
      .description("raise an event on the embedded node and show what the plugins answer")
      .addHelpText("after", example("cln-dev emit invoice_payment label=tip msat=5000"))
      .action((topic: string | undefined, values: string[], flags) =>
        run(async (context) =>
          (await import("./node/emit.js")).emit(context, topic, values, flags),
        ),
      );
  },
  node: (command, run) => {
    command
      .description("run the embedded node alone, until Ctrl-C")
      .option("--log-level <level>", "io, trace, debug, info, unusual or broken")
      .option("--plugin <path>", "start this plugin with the node (several times)", collect)
      .addHelpText("after", example("cln-dev node --lightning-dir=/tmp/l1-regtest"))
      .action((flags) =>
        run(async (context) => (await import("./node/node.js")).node(context, flags)),
      );
  },
};

/** Adds to the program the commands that its arguments can be about: all where that is open. */
export function defineCommands(program: Command, argv: readonly string[], run: Run): void {
  const names = Object.keys(DEFINITIONS);
  for (const name of mayBeAbout(argv, names)) DEFINITIONS[name]?.(program.command(name), run);
}

/** Every word that is a command's name may also be the value of a flag before it. */
function mayBeAbout(argv: readonly string[], names: readonly string[]): readonly string[] {
  if (argv[0] === "--version") return [];
  const first = argv.find((word) => !word.startsWith("-"));
  const wantsHelp = argv.some((word) => word === "-h" || word === "--help");
  const isClear = first !== undefined && names.includes(first) && !wantsHelp;
  return isClear ? names.filter((name) => argv.includes(name)) : names;
}

function withPlugin(command: Command): Command {
  return command
    .argument("[plugin...]", "the plugin's file, then its options as key=value")
    .option("-o, --option <key=value>", "an option for the plugin (several times)", collect, []);
}

function example(line: string): string {
  return `\nExample:\n  $ ${line}`;
}
