/** Explanations of a plugin that ends, or hangs, before the handshake is done. */
import { dirname } from "node:path";
import { shellPath } from "../../plugin/file/plugin-file-failures.js";
import { exitText } from "../findings.js";
import { culprit } from "../offline-run.js";
import type { Facts, Row } from "./explanation.js";
import { hintsFor } from "./language-hints.js";
import { firstLine } from "./node-rows.js";

const EXITED = /^exited before (?:replying to (getmanifest|init)|we sent init)$/;
const TIMED_OUT = /^timed out before replying to (getmanifest|init)$/;

export const EXIT_ROWS: readonly Row[] = [
  {
    id: "python-module",
    words: EXITED,
    when: errs(/^ModuleNotFoundError: No module named/),
    reason: (facts) =>
      `${interpreter(facts, "python3")} has no module ${quoted(facts)}: its #! line runs another Python than the one that you installed it for`,
    fix: (facts) =>
      `${shellPath(interpreter(facts, "python3"))} -m pip install ${packageOf(quoted(facts))}, or let the #! line name the Python of your virtual environment`,
  },
  {
    id: "node-module",
    words: EXITED,
    when: errs(/Cannot find (module|package) '/),
    reason: (facts) => `it requires ${quoted(facts)}, which is not installed beside it`,
    fix: (facts) =>
      /^[./]/.test(quoted(facts))
        ? "Check the path: it counts from the file that requires it"
        : `cd ${shellPath(dirname(facts.path))} && npm install ${quoted(facts)}`,
  },
  {
    id: "import-in-commonjs",
    words: EXITED,
    when: errs(/Cannot use import statement outside a module/),
    reason: "Node takes the file for CommonJS, where import is not known",
    fix: 'Name it .mjs, or write "type": "module" in the package.json beside it',
  },
  {
    id: "require-in-module",
    words: EXITED,
    when: errs(/(require|module) is not defined in ES module scope/),
    reason: "Node takes the file for an ES module, where require is not known",
    fix: "Name it .cjs, or write import instead",
  },
  {
    id: "syntax-error",
    words: EXITED,
    when: errs(/^(SyntaxError|IndentationError|TabError)/),
    reason: (facts) => `the code cannot be read${placeOf(facts)}: ${trouble(facts)}`,
    fix: "Mend that line and save: it is tried again",
  },
  {
    id: "command-not-found",
    words: EXITED,
    when: errs(/not found$/),
    reason: (facts) => `the script runs a program that is not there: ${trouble(facts)}`,
    fix: "Install it, or write its absolute path: the node's PATH is not the one of your shell",
  },
  {
    id: "address-in-use",
    words: EXITED,
    when: errs(/Address already in use|EADDRINUSE|address already in use/),
    reason: "another process holds the port that it listens on, often an instance left over",
    fix: "End that process, or give the plugin another port",
  },
  {
    id: "exception",
    words: EXITED,
    when: ({ postMortem }) => postMortem?.trace !== undefined,
    reason: (facts) => `it died of ${trouble(facts)}${placeOf(facts)}`,
    fix: "Mend that line and save: it is tried again",
  },
  {
    id: "env-path",
    words: EXITED,
    when: (facts) => {
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
    words: EXITED,
    when: runsHere,
    reason:
      "it runs here, so what differs is the node's side: its user, PATH, environment variables, or files in use",
    fix: "Look at the node's own stderr, or start the node from this shell and compare",
  },
  {
    id: "signal",
    words: EXITED,
    when: (facts) => signalOf(facts) !== undefined,
    reason: (facts) => `it was ended by ${signalOf(facts)}, without a word`,
    fix: (facts) =>
      /SIG(SEGV|BUS|ABRT|ILL|FPE)/.test(signalOf(facts) ?? "")
        ? `Run it in a debugger${facts.language === "binary" ? " (gdb), or build it with -fsanitize=address" : ", and look at the native modules that it loads"}`
        : "Find out who sends that signal: often it is the plugin itself, or the system for want of memory",
  },
  {
    id: "no-loop",
    words: EXITED,
    when: (facts) => exitCode(facts) === 0,
    reason: ({ groups }) =>
      groups[0] === "getmanifest"
        ? "it ended by itself, content, without having answered: it does not read requests from stdin"
        : "it answered getmanifest and then ended by itself: it does not go on reading requests from stdin",
    fix: ({ language }) => `Read requests until stdin ends: ${hintsFor(language).loop}`,
  },
  {
    id: "exit-code",
    words: EXITED,
    when: (facts) => exitCode(facts) !== undefined,
    reason: ({ postMortem }) =>
      `it ${postMortem?.handshake.end.kind === "exited" ? exitText(postMortem.handshake.end.code, null) : "exited"}${postMortem?.handshake.stderr.trim() === "" ? ", without a word" : "; what it wrote is below"}`,
    fix: "Mend the cause and save: it is tried again",
  },
  {
    id: "exited",
    words: EXITED,
    reason: "it ended before the handshake was done; why, it told only the node's own stderr",
    fix: ({ path }) => `Run it by hand: LIGHTNINGD_PLUGIN=1 ${shellPath(path)}`,
  },
  {
    id: "not-flushed",
    words: TIMED_OUT,
    when: ({ postMortem }) =>
      postMortem?.handshake.end.kind === "timeout" && postMortem.handshake.end.answersAtEof,
    reason: ({ groups }) =>
      `its answer to ${groups[0]} came only when its stdin was closed: it is held back in a buffer, or the plugin reads stdin to its end before it answers`,
    fix: ({ language }) =>
      `Send each answer at once: ${hintsFor(language).flush}; and read line by line`,
  },
  {
    id: "stray-and-hang",
    words: TIMED_OUT,
    when: ({ postMortem }) => (postMortem?.stray.length ?? 0) > 0,
    reason: "it wrote text to stdout that is no JSON-RPC, and the node waits for the rest of it",
    fix: ({ language }) => `Write such text elsewhere: ${hintsFor(language).toStderr}`,
  },
  {
    id: "hang",
    words: TIMED_OUT,
    when: (facts) => culprit(facts.postMortem?.trace) !== undefined,
    reason: (facts) => `it waits${placeOf(facts)} instead of answering ${facts.groups[0]}`,
    fix: ({ groups }) => `Answer ${groups[0]} first, and wait afterwards or in a thread`,
  },
  {
    id: "no-answer",
    words: TIMED_OUT,
    reason: ({ groups, postMortem }) =>
      postMortem?.handshake.end.kind === "passed"
        ? `offline it answers; on the node it waits for something before it answers ${groups[0]}`
        : `it runs, but does not answer ${groups[0]}: it does not read the request, or loses its id`,
    fix: 'Answer every request that has an id: {"jsonrpc": "2.0", "id": <the same>, "result": ...}',
  },
];

function errs(pattern: RegExp): (facts: Facts) => boolean {
  return ({ postMortem }) =>
    pattern.test(postMortem?.trace?.error ?? postMortem?.handshake.stderr ?? "");
}

/** The error in one line. */
function trouble({ postMortem }: Facts): string {
  return firstLine(postMortem?.trace?.error ?? postMortem?.handshake.stderr.trim() ?? "");
}

/** ` at file:line`, where the plugin's own code is to blame. */
function placeOf({ postMortem }: Facts): string {
  const frame = culprit(postMortem?.trace);
  return frame === undefined ? "" : ` at ${frame.file}:${frame.line}`;
}

function quoted(facts: Facts): string {
  return /'([^']+)'/.exec(trouble(facts))?.[1] ?? "";
}

function interpreter({ file }: Facts, otherwise: string): string {
  return file?.interpreter?.path ?? otherwise;
}

/** The name under which pip knows a module, where that is another one. */
function packageOf(module: string): string {
  const top = module.split(".", 1)[0] ?? module;
  return { pyln: "pyln-client", google: "protobuf", yaml: "pyyaml" }[top] ?? top;
}

function runsHere({ postMortem }: Facts): boolean {
  return postMortem?.handshake.end.kind === "passed";
}

/** Where every user's PATH leads. */
function isCommonPath(path: string): boolean {
  return ["/bin", "/usr/bin", "/usr/local/bin"].includes(dirname(path));
}

function signalOf({ postMortem }: Facts): string | undefined {
  const end = postMortem?.handshake.end;
  return end?.kind === "exited" ? (end.signal ?? undefined) : undefined;
}

function exitCode({ postMortem }: Facts): number | undefined {
  const end = postMortem?.handshake.end;
  return end?.kind === "exited" ? (end.code ?? undefined) : undefined;
}
