/** Explanations of a plugin that ends, or hangs, during the handshake. */
import { dirname } from "node:path";
import type { Manifest } from "../../plugin/manifest/manifest.js";
import { shellPath } from "../../plugin/shell-words.js";
import { describeAddress } from "../evidence/address-in-use.js";
import { mentions } from "../evidence/node-environment.js";
import { ownSources, readSource } from "../evidence/own-code.js";
import { exitText } from "../findings.js";
import { ownFrame } from "../offline-run.js";
import { type Rule, type RuleContext, traceOf } from "./explanation.js";
import { hintsFor } from "./language-hints.js";
import { explainNodeModule, explainPythonModule, type MissingModule } from "./missing-module.js";
import { neededPython, pythonVersionOf } from "./python-syntax.js";

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
    reason: (facts) => pythonModule(facts).reason + environmentNote(facts),
    fix: (facts) =>
      (facts.environment?.differing.length ?? 0) === 0
        ? pythonModule(facts).fix
        : "Use the Python of a virtual environment in the #! line: it needs no variables",
  },
  {
    id: "node-module",
    pattern: EXITED,
    condition: errs(/Cannot find (module|package) '/),
    reason: (facts) => explainNodeModule(quoted(facts), facts.file).reason,
    fix: (facts) => explainNodeModule(quoted(facts), facts.file).fix,
  },
  {
    id: "other-module",
    pattern: EXITED,
    condition: errs(/^Can't locate \S+ in @INC|cannot load such file -- |^module '.*' not found/),
    reason: (facts) => `it needs ${moduleName(facts)}, which is not installed`,
    fix: (facts) =>
      `Check the spelling; if it is right, install it for ${facts.file?.interpreter?.path ?? "the program that runs the plugin"}`,
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
    id: "python-too-old",
    pattern: EXITED,
    condition: (facts) => oldPython(facts) !== undefined,
    reason: (facts) => {
      const { has, needs } = oldPython(facts) ?? { has: "", needs: "" };
      return `Python ${has} runs it, and the code${placeOf(facts)} needs ${needs}: ${trouble(facts)}`;
    },
    fix: (facts) =>
      `Let the #! line name a Python of ${oldPython(facts)?.needs} or newer, or write that line for the older one`,
  },
  {
    id: "syntax-error",
    pattern: EXITED,
    condition: errs(
      /^(SyntaxError|IndentationError|TabError)|[Ss]yntax error|SyntaxError\)|^unexpected EOF|^Parse error: /,
    ),
    reason: (facts) => `the code cannot be read${placeOf(facts)}: ${trouble(facts)}`,
    fix: fixLine,
  },
  {
    id: "pyenv-version",
    pattern: EXITED,
    condition: ({ offline }) => /^pyenv: .*(not found|not installed)/m.test(stderrOf(offline)),
    reason: ({ offline }) => {
      const { program, versions } = pyenvWords(stderrOf(offline));
      const having = versions.length === 0 ? "" : `; version ${versions.join(", ")} has it`;
      return `pyenv has no ${program} in its active version${having}`;
    },
    fix: ({ offline, file }) => {
      const { program, versions } = pyenvWords(stderrOf(offline));
      const root = file?.interpreter?.path.replace(/\/shims\/[^/]*$/, "") ?? "~/.pyenv";
      const version = versions.at(-1);
      return version === undefined
        ? "Install that version (pyenv install), or let the #! line name another Python"
        : `Write #!${root}/versions/${version}/bin/${program} as the first line`;
    },
  },
  {
    id: "command-not-found",
    pattern: EXITED,
    condition: (facts) => errs(/not found$/)(facts) || envMisses(facts) !== undefined,
    reason: (facts) => {
      const missing = envMisses(facts);
      if (missing === undefined)
        return `the script runs a program that does not exist: ${trouble(facts)}${placeOf(facts)}`;
      const here = facts.file?.interpreter?.path;
      return `the node's PATH has no ${missing}${here === undefined ? "" : `; here it is ${here}`}`;
    },
    fix: (facts) =>
      envMisses(facts) !== undefined && facts.file?.interpreter !== undefined
        ? `Write #!${facts.file.interpreter.path} as its first line, or start the node with your PATH`
        : "Install it, or write its absolute path: the node's PATH is not the one of your shell",
  },
  {
    id: "address-in-use",
    pattern: EXITED,
    condition: errs(/Address already in use|EADDRINUSE|address already in use/),
    reason: (facts) => address(facts).reason,
    fix: (facts) => address(facts).fix,
  },
  {
    id: "state-file-cut",
    pattern: EXITED,
    condition: (facts) => facts.cutFile !== undefined && errs(UNREADABLE_FILE)(facts),
    reason: (facts) =>
      `${facts.cutFile} was written while the previous version was stopped, and is probably cut off (${trouble(facts)}): a plugin ends by SIGKILL unless it subscribes to shutdown`,
    fix: ({ cutFile }) =>
      `Restore or delete ${cutFile}; write it to a temporary file and rename that, or subscribe to shutdown`,
  },
  {
    id: "environment-variable",
    pattern: EXITED,
    condition: (facts) => missingVariable(facts) !== undefined,
    reason: (facts) =>
      `${missingVariable(facts)} is set here, but not in the node's environment (${trouble(facts)}${placeOf(facts)})`,
    fix: (facts) =>
      `Start the node with ${missingVariable(facts)}, or make it an option of the plugin`,
  },
  {
    id: "environment",
    pattern: EXITED,
    condition: ({ environment }) => (environment?.differing.length ?? 0) > 0,
    reason: (facts) =>
      `it runs with this shell's environment but not with the node's; they differ in ${facts.environment?.differing.join(", ")}${facts.offline?.trace === undefined ? "" : ` (${trouble(facts)})`}`,
    fix: "Set what the plugin needs in the plugin itself or in its options, or start the node with it",
  },
  {
    id: "hidden-path",
    pattern: EXITED,
    condition: (facts) => runsHere(facts) && traceOf(facts) !== undefined && isHidden(facts),
    reason: (facts) =>
      `the node cannot see a file that exists here: ${trouble(facts)}${placeOf(facts)}`,
    fix: "Check the node's service file (ProtectHome, PrivateTmp, ReadWritePaths) or its user, and give it that path",
  },
  {
    id: "exception",
    pattern: EXITED,
    condition: (facts) => traceOf(facts) !== undefined,
    reason: (facts) => `it crashed${placeOf(facts)}: ${trouble(facts)}`,
    fix: fixLine,
  },
  {
    id: "env-path",
    pattern: EXITED,
    condition: (facts) => {
      const by = facts.file?.interpreter;
      return runsHere(facts) && by?.byEnv === true && !isCommonPath(by.path);
    },
    reason: (facts) =>
      `it runs here, where ${facts.file?.interpreter?.name} is ${facts.file?.interpreter?.path}; the node's PATH probably has another one or none (nvm, pyenv and the like)`,
    fix: (facts) =>
      `Write #!${facts.file?.interpreter?.path} as its first line, or start the node with your PATH`,
  },
  {
    id: "works-here",
    pattern: EXITED,
    condition: runsHere,
    reason: ({ environment }) =>
      environment === undefined
        ? "it runs here, so the difference is on the node's side: its user, PATH, environment variables, or files in use"
        : "it runs here with the node's environment, so the difference is its user, the paths that it sees, or files in use",
    fix: "Read the node's stderr, or start the node from this shell and compare",
  },
  {
    id: "signal",
    pattern: EXITED,
    condition: (facts) => signalOf(facts) !== undefined,
    reason: (facts) =>
      `it was killed by ${signalOf(facts)}${stderrOf(facts.offline).trim() === "" ? " with no output" : ""}`,
    fix: (facts) =>
      /SIG(SEGV|BUS|ABRT|ILL|FPE)/.test(signalOf(facts) ?? "")
        ? `Run it in a debugger${facts.language === "binary" ? " (gdb), or build it with -fsanitize=address" : ", and check the native modules that it loads"}`
        : "Find what sends that signal: often it is the plugin itself, or the system when memory runs out",
  },
  {
    id: "no-loop",
    pattern: EXITED,
    condition: (facts) => exitCode(facts) === 0 && isInit(facts),
    reason: "it answered getmanifest, and exited with code 0 without answering init",
    fix: ({ language }) =>
      `Answer init with "result": {}, and keep reading until stdin ends: ${hintsFor(language).loop}`,
  },
  {
    id: "no-answer-and-exit",
    pattern: EXITED,
    condition: (facts) => exitCode(facts) === 0 && readsStdin(facts),
    reason: "it reads stdin, and exited with code 0 without answering getmanifest",
    fix: ({ language }) =>
      `Write {"jsonrpc": "2.0", "id": <its id>, "result": {"dynamic": true, "options": [], "rpcmethods": []}} to stdout (${hintsFor(language).flush}), then keep reading: init comes next`,
  },
  {
    id: "no-reading",
    pattern: EXITED,
    condition: (facts) => exitCode(facts) === 0,
    reason: "it exited with code 0 without answering: it does not read requests from stdin",
    fix: ({ language }) => `Read requests until stdin ends: ${hintsFor(language).loop}`,
  },
  {
    id: "exit-code",
    pattern: EXITED,
    condition: (facts) => exitCode(facts) !== undefined,
    reason: (facts) =>
      `it ${exitText(exitCode(facts) ?? null, null)}${stderrOf(facts.offline).trim() === "" ? " with no output" : "; its output is below"}`,
    fix: "Fix the cause and save",
  },
  {
    id: "exited",
    pattern: EXITED,
    reason: "it exited before the handshake was done; the reason went to the node's stderr",
    fix: ({ path }) => `Run it by hand: LIGHTNINGD_PLUGIN=1 ${shellPath(path)}`,
  },
  {
    id: "waits-for-itself",
    pattern: TIMED_OUT,
    condition: (facts) =>
      facts.groups[0] === "init" && asksItself(facts.offline?.handshake.manifest),
    reason: (facts) =>
      `it probably waits for itself${isInterrupt(facts) ? placeOf(facts) : ""}: it calls the node before it has answered init, and the node first asks the plugin's own rpc_command hook about that call`,
    fix: "Answer init first and make the call later, in another thread, or give the hook filters",
  },
  {
    id: "not-flushed",
    pattern: TIMED_OUT,
    condition: ({ offline }) =>
      offline?.handshake.end.kind === "timeout" && offline.handshake.end.answersAtEof,
    reason: ({ groups }) =>
      `its answer to ${groups[0]} came only when its stdin was closed: it stayed in a buffer, or the plugin reads stdin to its end before it answers`,
    fix: ({ language }) =>
      `Send each answer at once: ${hintsFor(language).flush}; and read line by line`,
  },
  {
    id: "stray-and-hang",
    pattern: TIMED_OUT,
    condition: ({ offline }) => (offline?.stray.length ?? 0) > 0,
    reason: "it printed text to stdout that is not JSON-RPC, and the node waits for the rest of it",
    fix: ({ language }) => `Print such text elsewhere: ${hintsFor(language).toStderr}`,
  },
  {
    id: "hang",
    pattern: TIMED_OUT,
    condition: (facts) => isInterrupt(facts) && ownFrame(traceOf(facts)) !== undefined,
    reason: (facts) => `it waits${placeOf(facts)} instead of answering ${facts.groups[0]}`,
    fix: ({ groups }) => `Answer ${groups[0]} first, and wait afterwards or in a thread`,
  },
  {
    id: "failed-and-waits",
    pattern: TIMED_OUT,
    condition: (facts) => !isInterrupt(facts) && traceOf(facts) !== undefined,
    reason: (facts) =>
      `it failed${placeOf(facts)} (${trouble(facts)}), is still running, and does not answer ${facts.groups[0]}`,
    fix: fixLine,
  },
  {
    id: "no-answer",
    pattern: TIMED_OUT,
    reason: ({ groups, offline }) =>
      offline?.handshake.end.kind === "passed"
        ? `offline it answers; on the node it waits for something before it answers ${groups[0]}`
        : `it runs and does not answer ${groups[0]}; probably it waits for something, does not read the request, or answers with another id`,
    fix: 'Answer every request that has an id: {"jsonrpc": "2.0", "id": <the same>, "result": ...}',
  },
];

/** The errors from reading half a file, in Python, Node and SQLite. */
const UNREADABLE_FILE =
  /JSONDecodeError|in JSON at|end of JSON|not valid JSON|UnpicklingError|Ran out of input|EOFError|malformed|file is not a database|unexpected EOF/;

function errs(pattern: RegExp): (facts: RuleContext) => boolean {
  return (facts) => pattern.test(traceOf(facts)?.error ?? stderrOf(facts.offline));
}

export function stderrOf(offline: RuleContext["offline"]): string {
  return offline?.handshake.stderr ?? "";
}

/** The error in one line. */
function trouble(facts: RuleContext): string {
  const text = traceOf(facts)?.error ?? stderrOf(facts.offline).trim();
  return text.split("\n", 1)[0] ?? "";
}

/** ` at file:line`, if the plugin's own code is to blame. */
function placeOf(facts: RuleContext): string {
  const frame = ownFrame(traceOf(facts));
  return frame === undefined ? "" : ` at ${frame.file}:${frame.line}`;
}

function fixLine(facts: RuleContext): string {
  return ownFrame(traceOf(facts)) === undefined
    ? "Fix the cause and save"
    : "Fix that line and save";
}

function quoted(facts: RuleContext): string {
  return /'([^']+)'/.exec(trouble(facts))?.[1] ?? "";
}

function pythonModule(facts: RuleContext): MissingModule {
  return explainPythonModule(quoted(facts), facts.file);
}

/** Perl, Ruby and Lua each word it differently. */
function moduleName(facts: RuleContext): string {
  const text = trouble(facts);
  const perl = /install the (\S+) module/.exec(text)?.[1];
  return perl ?? /such file -- (\S+)/.exec(text)?.[1] ?? quoted(facts);
}

function environmentNote({ environment }: RuleContext): string {
  const { pythonPath, differing = [] } = environment ?? {};
  if (pythonPath !== undefined) {
    return `; here PYTHONPATH has ${pythonPath}, which the node's environment does not have`;
  }
  return differing.length === 0
    ? ""
    : `; it runs with this shell's environment, and the node's differs in ${differing.join(", ")}`;
}

function oldPython(facts: RuleContext): { has: string; needs: string } | undefined {
  const trace = traceOf(facts);
  const has = facts.language === "python" ? pythonVersionOf(facts) : undefined;
  const needs = trace && neededPython(trace.error, ownFrame(trace)?.code ?? "");
  if (has === undefined || needs === undefined) return undefined;
  const minor = (version: string) => Number(version.split(".")[1]);
  return minor(has) < minor(needs) ? { has, needs } : undefined;
}

function pyenvWords(stderr: string): { program: string; versions: string[] } {
  const program = /^pyenv: (?:version `\S+' is not installed|(\S+): command not found)/m.exec(
    stderr,
  );
  const versions = [...stderr.matchAll(/^ {2}(\d+\.\d+\.\d+)$/gm)].map((match) => match[1] ?? "");
  return { program: program?.[1] ?? "that Python", versions };
}

/** The program that env(1) did not find. */
function envMisses({ offline }: RuleContext): string | undefined {
  return /^(?:\/usr\/bin\/)?env: [‘'"]?([^‘’'":]+)[’'"]?: No such file/m.exec(
    stderrOf(offline),
  )?.[1];
}

function address(facts: RuleContext): { reason: string; fix: string } {
  return describeAddress(
    `${trouble(facts)}\n${ownFrame(traceOf(facts))?.code ?? ""}`,
    facts.language,
  );
}

/** A variable that the error names, and that is set here but not for the node. */
function missingVariable(facts: RuleContext): string | undefined {
  const names = facts.environment?.onlyHere ?? [];
  const words = `${trouble(facts)}\n${ownFrame(traceOf(facts))?.code ?? ""}`;
  return names.find((name) => mentions(words, name));
}

function isHidden(facts: RuleContext): boolean {
  return /FileNotFoundError|PermissionError|ENOENT|EACCES|No such file|Permission denied|Read-only file/.test(
    trouble(facts),
  );
}

/** Whether the node asks the plugin about each call, including its own calls. */
export function asksItself(manifest: Manifest | undefined): boolean {
  return (manifest?.hooks ?? []).some(
    ({ name, filters }) => (name === "rpc_command" && filters === undefined) || name === "db_write",
  );
}

function runsHere({ offline }: RuleContext): boolean {
  return offline?.handshake.end.kind === "passed";
}

/** Its trace shows where it was when its time was over. */
function isInterrupt(facts: RuleContext): boolean {
  return /^(KeyboardInterrupt|EOFError)/.test(traceOf(facts)?.error ?? "");
}

function isInit({ groups, message }: RuleContext): boolean {
  return groups[0] === "init" || message.includes("we sent init");
}

const READS =
  /stdin|STDIN|\bread\s+-r|\bread\s+\w|\bgets\b|\binput\(|readline|io\.lines|io\.read|php:\/\/input|System\.in|plugin\.run\(|Scanner/;

function readsStdin({ file }: RuleContext): boolean {
  return file !== undefined && ownSources(file).some((path) => READS.test(readSource(path) ?? ""));
}

/** The folders on every user's PATH. */
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
