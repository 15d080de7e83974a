/** Explanations of a plugin that ends, or hangs, before the handshake is done. */
import { dirname } from "node:path";
import { shellPath } from "../../plugin/file/plugin-file-failures.js";
import { exitText } from "../findings.js";
import { ownFrame } from "../offline-run.js";
import type { Rule, RuleContext } from "./explanation.js";
import { hintsFor } from "./language-hints.js";
import { firstLine } from "./node-rules.js";

const EXITED = /^exited before (?:replying to (getmanifest|init)|we sent init)$/;
const TIMED_OUT = /^timed out before replying to (getmanifest|init)$/;

export const EXIT_RULES: readonly Rule[] = [
  {
    id: "other-id",
    pattern: TIMED_OUT,
    condition: ({ offline }) => offline?.handshake.end.kind === "other-id",
    reason: ({ offline }) => {
      const end = offline?.handshake.end;
      const [sent, got] = end?.kind === "other-id" ? [end.sent, end.got] : ["", ""];
      return `it answers with the id ${got}, but was asked with ${sent}: lightningd compares ids as they are written, and never finds the request`;
    },
    fix: "Write / in JSON strings without a backslash (PHP: JSON_UNESCAPED_SLASHES)",
  },
  {
    id: "python-module",
    pattern: EXITED,
    condition: errs(/^ModuleNotFoundError: No module named/),
    reason: (facts) =>
      `${interpreter(facts, "python3")} has no module ${quoted(facts)}: its #! line runs another Python than the one that you installed it for`,
    fix: (facts) =>
      `${shellPath(interpreter(facts, "python3"))} -m pip install ${packageOf(quoted(facts))}, or let the #! line name the Python of your virtual environment`,
  },
  {
    id: "node-module",
    pattern: EXITED,
    condition: errs(/Cannot find (module|package) '/),
    reason: (facts) => `it requires ${quoted(facts)}, which is not installed beside it`,
    fix: (facts) =>
      /^[./]/.test(quoted(facts))
        ? "Check the path: it counts from the file that requires it"
        : `cd ${shellPath(dirname(facts.path))} && npm install ${quoted(facts)}`,
  },
  {
    id: "import-in-commonjs",
    pattern: EXITED,
    condition: errs(/Cannot use import statement outside a module/),
    reason: "Node takes the file for CommonJS, where import is not known",
    fix: 'Name it .mjs, or write "type": "module" in the package.json beside it',
  },
  {
    id: "require-in-module",
    pattern: EXITED,
    condition: errs(/(require|module) is not defined in ES module scope/),
    reason: "Node takes the file for an ES module, where require is not known",
    fix: "Name it .cjs, or write import instead",
  },
  {
    id: "syntax-error",
    pattern: EXITED,
    condition: errs(/^(SyntaxError|IndentationError|TabError)/),
    reason: (facts) => `the code cannot be read${placeOf(facts)}: ${trouble(facts)}`,
    fix: "Mend that line and save: it is tried again",
  },
  {
    id: "command-not-found",
    pattern: EXITED,
    condition: errs(/not found$/),
    reason: (facts) => `the script runs a program that is not there: ${trouble(facts)}`,
    fix: "Install it, or write its absolute path: the node's PATH is not the one of your shell",
  },
  {
    id: "address-in-use",
    pattern: EXITED,
    condition: errs(/Address already in use|EADDRINUSE|address already in use/),
    reason: "another process holds the port that it listens on, often an instance left over",
    fix: "End that process, or give the plugin another port",
  },
  {
    id: "exception",
    pattern: EXITED,
    condition: ({ offline }) => offline?.trace !== undefined,
    reason: (facts) => `it died of ${trouble(facts)}${placeOf(facts)}`,
    fix: "Mend that line and save: it is tried again",
  },
  {
    id: "env-path",
    pattern: EXITED,
    condition: (facts) => {
      const by = facts.file?.interpreter;
      return runsHere(facts) && by?.byEnv === true && !isCommonPath(by.path);
    },
    reason: (facts) =>
      `it runs here, where ${facts.file?.interpreter?.name} is ${interpreter(facts, "")}; the node's PATH has probably another one or none (so it is with nvm, pyenv and the like)`,
    fix: (facts) =>
      `Write #!${interpreter(facts, "")} as its first line, or start the node with your PATH`,
  },
  {
    id: "works-here",
    pattern: EXITED,
    condition: runsHere,
    reason:
      "it runs here, so what differs is the node's side: its user, PATH, environment variables, or files in use",
    fix: "Look at the node's own stderr, or start the node from this shell and compare",
  },
  {
    id: "signal",
    pattern: EXITED,
    condition: (facts) => signalOf(facts) !== undefined,
    reason: (facts) => `it was ended by ${signalOf(facts)}, without a word`,
    fix: (facts) =>
      /SIG(SEGV|BUS|ABRT|ILL|FPE)/.test(signalOf(facts) ?? "")
        ? `Run it in a debugger${facts.language === "binary" ? " (gdb), or build it with -fsanitize=address" : ", and look at the native modules that it loads"}`
        : "Find out who sends that signal: often it is the plugin itself, or the system for want of memory",
  },
  {
    id: "no-loop",
    pattern: EXITED,
    condition: (facts) => exitCode(facts) === 0,
    reason: ({ groups }) =>
      groups[0] === "getmanifest"
        ? "it ended by itself, content, without having answered: it does not read requests from stdin"
        : "it answered getmanifest and then ended by itself: it does not go on reading requests from stdin",
    fix: ({ language }) => `Read requests until stdin ends: ${hintsFor(language).loop}`,
  },
  {
    id: "exit-code",
    pattern: EXITED,
    condition: (facts) => exitCode(facts) !== undefined,
    reason: ({ offline }) =>
      `it ${offline?.handshake.end.kind === "exited" ? exitText(offline.handshake.end.code, null) : "exited"}${offline?.handshake.stderr.trim() === "" ? ", without a word" : "; what it wrote is below"}`,
    fix: "Mend the cause and save: it is tried again",
  },
  {
    id: "exited",
    pattern: EXITED,
    reason: "it ended before the handshake was done; why, it told only the node's own stderr",
    fix: ({ path }) => `Run it by hand: LIGHTNINGD_PLUGIN=1 ${shellPath(path)}`,
  },
  {
    id: "not-flushed",
    pattern: TIMED_OUT,
    condition: ({ offline }) =>
      offline?.handshake.end.kind === "timeout" && offline.handshake.end.answersAtEof,
    reason: ({ groups }) =>
      `its answer to ${groups[0]} came only when its stdin was closed: it is held back in a buffer, or the plugin reads stdin to its end before it answers`,
    fix: ({ language }) =>
      `Send each answer at once: ${hintsFor(language).flush}; and read line by line`,
  },
  {
    id: "stray-and-hang",
    pattern: TIMED_OUT,
    condition: ({ offline }) => (offline?.stray.length ?? 0) > 0,
    reason: "it wrote text to stdout that is no JSON-RPC, and the node waits for the rest of it",
    fix: ({ language }) => `Write such text elsewhere: ${hintsFor(language).toStderr}`,
  },
  {
    id: "hang",
    pattern: TIMED_OUT,
    condition: (facts) => ownFrame(facts.offline?.trace) !== undefined,
    reason: (facts) => `it waits${placeOf(facts)} instead of answering ${facts.groups[0]}`,
    fix: ({ groups }) => `Answer ${groups[0]} first, and wait afterwards or in a thread`,
  },
  {
    id: "no-answer",
    pattern: TIMED_OUT,
    reason: ({ groups, offline }) =>
      offline?.handshake.end.kind === "passed"
        ? `offline it answers; on the node it waits for something before it answers ${groups[0]}`
        : `it runs, but does not answer ${groups[0]}: it does not read the request, or loses its id`,
    fix: 'Answer every request that has an id: {"jsonrpc": "2.0", "id": <the same>, "result": ...}',
  },
];

function errs(pattern: RegExp): (facts: RuleContext) => boolean {
  return ({ offline }) => pattern.test(offline?.trace?.error ?? offline?.handshake.stderr ?? "");
}

/** The error in one line. */
function trouble({ offline }: RuleContext): string {
  return firstLine(offline?.trace?.error ?? offline?.handshake.stderr.trim() ?? "");
}

/** ` at file:line`, where the plugin's own code is to blame. */
function placeOf({ offline }: RuleContext): string {
  const frame = ownFrame(offline?.trace);
  return frame === undefined ? "" : ` at ${frame.file}:${frame.line}`;
}

function quoted(facts: RuleContext): string {
  return /'([^']+)'/.exec(trouble(facts))?.[1] ?? "";
}

function interpreter({ file }: RuleContext, otherwise: string): string {
  return file?.interpreter?.path ?? otherwise;
}

/** The name under which pip knows a module, where that is another one. */
function packageOf(module: string): string {
  const top = module.split(".", 1)[0] ?? module;
  return { pyln: "pyln-client", google: "protobuf", yaml: "pyyaml" }[top] ?? top;
}

function runsHere({ offline }: RuleContext): boolean {
  return offline?.handshake.end.kind === "passed";
}

/** Where every user's PATH leads. */
function isCommonPath(path: string): boolean {
  return ["/bin", "/usr/bin", "/usr/local/bin"].includes(dirname(path));
}

function signalOf({ offline }: RuleContext): string | undefined {
  const end = offline?.handshake.end;
  return end?.kind === "exited" ? (end.signal ?? undefined) : undefined;
}

function exitCode({ offline }: RuleContext): number | undefined {
  const end = offline?.handshake.end;
  return end?.kind === "exited" ? (end.code ?? undefined) : undefined;
}
