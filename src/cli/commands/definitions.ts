/**
 * The arguments, flags and help of each command. For a fast start, a command's code is loaded only
 * when it runs.
 */
import { existsSync } from "node:fs";
import type { Command } from "commander";
import { nearestName } from "../../errors/did-you-mean.js";
import { usageFailure } from "../../errors/failure.js";
import type { RunCommand } from "./context.js";
import { defineRegtest } from "./regtest/definition.js";

/** Collects the values of a repeatable flag. */
export function repeatable(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** Defines the arguments and flags of one command. */
type Define = (command: Command, run: RunCommand, program: Command) => void;

const watch: Define = (command, run, program) =>
  withPlugin(command)
    .description("reload the plugin at each save (the default command)")
    .option("--watch <path>", "watch this file or folder as well (repeatable)", repeatable)
    .option("--only <path>", "watch this and nothing else (repeatable)", repeatable)
    .option("--ignore <pattern>", "ignore pattern in .gitignore syntax (repeatable)", repeatable)
    .option("--build <command>", "build command to run before each reload")
    .option("--call <method params>", "call this after each reload (repeatable)", repeatable)
    .option(
      "--run <command>",
      "run this command after each successful reload; the next save ends it",
    )
    .option("--safe", "stop the previous version only if the new one passes its handshake")
    .option("--bell", "ring when the plugin breaks, and when it works again")
    .option("--stop-on-exit", "stop the plugin at the end")
    .option("--hot", "let the new version take over while the previous one finishes its calls")
    .option("--keep-hot", "leave the plugin in hot mode at the end")
    .option("--env <NAME=value>", "environment variable for the plugin (repeatable)", repeatable)
    .option("--exec <command>", 'command that runs the plugin: "uv run {plugin}"')
    .option(
      "--trace [filter]",
      "show the messages between node and plugin: all, or a method's, hooks, ...",
    )
    .option("--trace-file <file>", "write all messages to a file, as JSON lines")
    .option("--debug", "no time limit: a debugger may stop the plugin")
    .option("--poll [ms]", "poll the files every N ms (Docker, WSL, network drives)")
    .addHelpText(
      "before",
      examples("cln-dev watch ./myplugin.py --lightning-dir=/tmp/l1-regtest foo_opt=BAR"),
    )
    .action((args: string[], flags) => {
      const isDefault = program.args[0] !== "watch";
      if (isDefault && args.length === 0) program.help({ error: true });
      return run(async (context) => {
        if (isDefault) refuseUnknownCommand(args[0] ?? "", program);
        return (await import("./watch/watch.js")).watchPlugins(context, args, flags);
      });
    });

const restart: Define = (command, run) =>
  withPlugin(command)
    .description("reload now, in the running watch session if there is one")
    .addHelpText("before", examples("cln-dev restart && lightning-cli --regtest myplugin"))
    .action((args: string[], flags) =>
      run(async (context) => (await import("./plugin/restart.js")).restart(context, args, flags)),
    );

const call: Define = (command, run) =>
  command
    .argument("<method>", "an RPC method of the node or of a plugin")
    .argument("[params...]", "its parameters: JSON literals as such, the rest as strings")
    .option("-k, --keywords", "the parameters are key=value")
    .description("call a method and print its result")
    .addHelpText("before", examples("cln-dev call --regtest -k myplugin foo1=bar1"))
    .action((method: string, params: string[], flags) =>
      run(async (context) => (await import("./call.js")).call(context, method, params, flags)),
    );

const logs: Define = (command, run) =>
  command
    .argument("[plugin...]", "the plugin's file, or its name on the node")
    .description("show the plugin's log lines, live")
    .option("--level <level>", "the lowest level: trace, debug, info, warn or error", "info")
    .option("--since <time>", "start with the lines since then: 10m, 2h, 2026-08-20T12:00")
    .option("--last <n>", "start with the last N lines (default: 10)")
    .option("--no-follow", "print the existing lines and stop")
    .addHelpText("before", examples("cln-dev logs ./myplugin.py --level debug --since 10m"))
    .action((args: string[], flags) =>
      run(async (context) => (await import("./logs.js")).logs(context, args, flags)),
    );

const init: Define = (command, run) =>
  command
    .argument("[name]", "the plugin's name (default: the folder's)")
    .option("--python", "write it in Python (the default)")
    .option("--node", "write it in JavaScript")
    .option("--shell", "write it for sh")
    .description("write a small working plugin, and settings to watch it")
    .addHelpText("before", examples("cln-dev init myplugin && npm run dev"))
    .action((name: string | undefined, flags) =>
      run(async (context) => (await import("./init/init.js")).init(context, name, flags)),
    );

const check: Define = (command, run) =>
  withPlugin(command)
    .description("check a plugin without a node: handshake, manifest, output")
    .option("--watch", "check again at each save")
    .addHelpText("before", examples("cln-dev check ./myplugin.py foo_opt=BAR"))
    .action((args: string[], flags) =>
      run(async (context) => (await import("./check.js")).check(context, args, flags)),
    );

const start: Define = (command, run) =>
  withPlugin(command)
    .description("start the plugin, or restart it if it runs")
    .addHelpText("before", examples("cln-dev start ./myplugin.py --regtest foo_opt=BAR"))
    .action((args: string[], flags) =>
      run(async (context) => (await import("./plugin/start.js")).start(context, args, flags)),
    );

const hotPath: Define = (command, run) =>
  withPlugin(command)
    .description("print the path that a node's config starts in place of a plugin, for hot mode")
    .option("--env <NAME=value>", "environment variable for the plugin (repeatable)", repeatable)
    .option("--exec <command>", 'command that runs the plugin: "uv run {plugin}"')
    .addHelpText("before", examples("echo plugin=$(cln-dev hot-path ./static.py) >> config"))
    .action((args: string[], flags) =>
      run(async (context) => (await import("./plugin/hot-path.js")).hotPath(context, args, flags)),
    );

const stop: Define = (command, run) =>
  command
    .argument("[plugin...]", "the plugin's file, or its name on the node")
    .description("stop the plugin")
    .addHelpText("before", examples("cln-dev stop ./myplugin.py --regtest"))
    .action((args: string[]) =>
      run(async (context) => (await import("./plugin/stop.js")).stop(context, args)),
    );

const list: Define = (command, run) =>
  command
    .description("show the plugins that the node runs")
    .addHelpText("before", examples("cln-dev list --regtest"))
    .action(() => run(async (context) => (await import("./plugin/list.js")).list(context)));

const completion: Define = (command, run, program) =>
  command
    .argument("<shell>", "bash, zsh or fish")
    .description("print a script that completes commands and flags in your shell")
    .addHelpText("before", examples('eval "$(cln-dev completion bash)"'))
    .action((shell: string) =>
      run(async (context) => (await import("./completion.js")).completion(context, program, shell)),
    );

const node: Define = (command, run) =>
  command
    .description("run the embedded node alone, until Ctrl-C")
    .option("--log-level <level>", "io, trace, debug, info, unusual or broken")
    .option("--plugin <path>", "start this plugin with the node (repeatable)", repeatable)
    .addHelpText("before", examples("cln-dev node --lightning-dir=/tmp/l1-regtest"))
    .action((flags) =>
      run(async (context) => (await import("./node/node.js")).node(context, flags)),
    );

const emit: Define = (command, run) =>
  command
    .argument("[topic]", "a notification or a hook, such as connect or htlc_accepted")
    .argument("[payload...]", "a JSON object, or key=value to change the example")
    .option("--list", "show every topic and who gets it; with a topic, its example payload")
    .option("--hook", "only the hook, if a notification has the same name")
    .option("--notification", "only the notification, if a hook has the same name")
    .description("raise an event on the embedded node and show what the plugins answer")
    .addHelpText("before", examples("cln-dev emit invoice_payment label=tip msat=5000"))
    .action((topic: string | undefined, values: string[], flags) =>
      run(async (context) => (await import("./node/emit.js")).emit(context, topic, values, flags)),
    );

/** The commands, grouped as in the help. */
const COMMANDS: { readonly [group: string]: { readonly [name: string]: Define } } = {
  "While you work:": { watch, restart, call, logs },
  "Once:": { init, check, start, "hot-path": hotPath, stop, list, completion },
  "Without bitcoind:": { regtest: defineRegtest },
  "Without lightningd:": { node, emit },
};

/** The command that generates its output from all commands. */
const NEEDS_ALL = "completion";

/**
 * Adds the commands to the program. If the first word names a command, adds only that one: each
 * definition costs time.
 * @param words the words of the command line
 */
export function defineCommands(program: Command, run: RunCommand, words: readonly string[]): void {
  const named = words[0] === NEEDS_ALL ? undefined : words[0];
  const groups = Object.entries(COMMANDS);
  const isKnown = groups.some(
    ([, commands]) => named !== undefined && Object.hasOwn(commands, named),
  );
  for (const [group, commands] of groups) {
    program.commandsGroup(group);
    for (const [name, define] of Object.entries(commands)) {
      if (isKnown && name !== named) continue;
      define(program.command(name, { isDefault: name === "watch" }), run, program);
    }
  }
}

/** Refuses a word that looks like a command and is not a file: it is not meant as a plugin. */
function refuseUnknownCommand(word: string, program: Command): void {
  if (!/^[a-z-]+$/.test(word) || existsSync(word)) return;
  const near = nearestName(
    word,
    program.commands.map((command) => command.name()),
  );
  throw usageFailure(`unknown command ${word}`, {
    fix: near === undefined ? "cln-dev --help lists the commands" : `Did you mean cln-dev ${near}?`,
  });
}

function withPlugin(command: Command): Command {
  return command
    .argument("[plugin...]", "the plugin's file, then its options as key=value")
    .option("-o, --option <key=value>", "an option for the plugin (repeatable)", repeatable);
}

function examples(...lines: readonly string[]): string {
  return `Example:\n${lines.map((line) => `  $ ${line}\n`).join("")}`;
}
