/** Explanations of what the node says before it runs a plugin, or when it is asked to stop one. */
import { basename, dirname } from "node:path";
import { shellPath } from "../../plugin/file/plugin-file-failures.js";
import { culprit, type JudgedTrace } from "../offline-run.js";
import type { Facts, Row } from "./explanation.js";
import { dynamicHint, hintsFor } from "./language-hints.js";

const DIED = /^(exited during normal operation|Plugin terminated before replying to RPC call\.)$/;

export const NODE_ROWS: readonly Row[] = [
  {
    id: "path-escaped",
    words: /is not executable: No such file or directory$/,
    when: ({ file, path }) => file !== undefined && JSON.stringify(path) !== `"${path}"`,
    reason:
      "lightningd takes a path as it stands in the JSON of the call, where a quote, a backslash or a control character is escaped, so it looks for another file",
    fix: ({ path }) => `Name it and its folders without such characters: ${path}`,
  },
  {
    id: "not-found-by-node",
    words: /is not executable: No such file or directory$/,
    reason: ({ file, path }) =>
      file === undefined
        ? `there is no file ${path}`
        : "the file is here, but the node does not see it: it runs in a container, on another machine, or as a user that may not enter the folder",
    fix: ({ file, path }) =>
      file === undefined
        ? "Check the path"
        : `Let the node see ${dirname(path)} under the same path, readable for the node's user`,
  },
  {
    id: "not-executable",
    words: /is not executable: Permission denied$/,
    when: ({ file }) => file === undefined,
    reason: "the file has no right to be executed",
    fix: ({ path }) => `chmod +x ${shellPath(path)}`,
  },
  {
    id: "not-executable-for-node",
    words: /is not executable: Permission denied$/,
    reason:
      "the node's user may not execute it, or may not enter one of the folders above it, or the file system forbids programs",
    fix: ({ path }) =>
      `Give that user the right: chmod a+rx ${shellPath(path)}, and a+x its folders`,
  },
  {
    id: "already-running",
    words: /^(Invalid argument|already registered)$/,
    reason:
      "the node runs this very file already, perhaps started by hand or by its config (its words come from a stale error number)",
    fix: ({ path }) =>
      `Stop it first: cln-dev stop ${shellPath(basename(path))}, or let cln-dev watch do so`,
  },
  {
    id: "vanished",
    words: /^No such file or directory$/,
    reason: "the file went away while the node was about to start it",
    fix: "Save it again",
  },
  {
    id: "not-running",
    words: /^Could not find plugin (.*)$/,
    reason: ({ groups }) => `the node does not run ${groups[0]}`,
    fix: ({ plugins = [] }) =>
      plugins.length === 0
        ? "See what it runs: cln-dev list"
        : `It runs ${plugins.map((path) => basename(path)).join(", ")}`,
  },
  {
    id: "unmanageable",
    words: /cannot be managed when lightningd is up$/,
    reason:
      "its manifest does not say that it is dynamic, or it has not answered getmanifest yet, so the node neither stops nor starts it while it runs",
    fix: (facts) => `Add ${dynamicHint(facts)}; then restart the node once`,
  },
  {
    id: "not-dynamic",
    words: /^Not a dynamic plugin$/,
    reason:
      "its manifest does not say that it is dynamic, so it can only be started together with the node",
    fix: (facts) => `Add ${dynamicHint(facts)}`,
  },
  {
    id: "folder",
    words: /^(Could not open |Failed to open plugin-dir |Failed to register )/,
    reason: "the node stopped at the first file of the folder that it could not start",
    fix: "Start the plugins one by one",
  },
  {
    id: "extra-parameters",
    words: /^Extra parameters must be in object$/,
    reason: "options can be given to plugin start only as key=value",
    fix: "With lightning-cli use -k: lightning-cli -k plugin subcommand=start plugin=PATH key=value",
  },
  {
    id: "duplicate-option",
    words: /^duplicate json names: (\S+)/,
    reason: ({ groups }) => `${groups[0]} is given twice`,
    fix: "Give it once",
  },
  {
    id: "call-shape",
    words:
      /^(missing required parameter|Unknown subcommand|too many parameters|unknown parameter: |options: should be|options array entries|Cannot mix)/,
    reason: ({ version }) =>
      `the node${version === undefined ? "" : ` (${version})`} does not take the call in this form`,
    fix: "See what it takes: cln-dev call help plugin",
  },
  {
    id: "interpreter",
    words: /^opening pipe: No such file or directory$/,
    reason: interpreterReason,
    fix: ({ file }) =>
      file?.interpreter === undefined
        ? "Check the first line of the file: the program that it names must exist, and the line must end with LF alone"
        : `Let the #! line name a program that the node has, such as the path that works here: #!${file.interpreter.path}`,
  },
  {
    id: "may-not-run",
    words: /^opening pipe: Permission denied$/,
    reason:
      "the file, or the program that its #! line names, is a folder or may not be executed by the node's user",
    fix: ({ path }) => `Check both: ls -l ${shellPath(path)}; head -1 ${shellPath(path)}`,
  },
  {
    id: "busy",
    words: /^opening pipe: Text file busy$/,
    reason: "the program is still being written by the compiler or linker",
    fix: "Wait until the build has ended; it is tried again",
  },
  {
    id: "hook-order",
    words: /^Cannot meet required hook dependencies$/,
    reason:
      "the before and after of its hooks contradict those of another plugin: they ask for a circle",
    fix: "Take out one of the before or after names in its hooks",
  },
  {
    id: "superseded",
    words: /^Plugin changed, needs restart\.$/,
    reason: "the file was started again with other content before this start had ended",
    fix: "Nothing: the newer start counts",
  },
  {
    id: "stopped-meanwhile",
    words: /^stopped by lightningd via RPC$/,
    reason: "somebody stopped the plugin before it had answered init",
    fix: "Start it again",
  },
  {
    id: "died-of-error",
    words: DIED,
    when: (facts) => traceOf(facts) !== undefined,
    reason: (facts) => {
      const place = culprit(traceOf(facts));
      const where = place === undefined ? "" : ` at ${place.file}:${place.line}`;
      return `it died of ${firstLine(traceOf(facts)?.error ?? "")}${where}`;
    },
    fix: "Mend that line and save",
  },
  {
    id: "died-no-loop",
    words: DIED,
    when: ({ postMortem }) => {
      const end = postMortem?.handshake.end;
      return end?.kind === "exited" && end.phase === "running" && end.code === 0;
    },
    reason:
      "it ended by itself, content, right after init: it does not go on reading requests from stdin",
    fix: ({ language }) => `Read requests until stdin ends: ${hintsFor(language).loop}`,
  },
  {
    id: "in-flight",
    words: /^Plugin terminated before replying to RPC call\.$/,
    reason: "the plugin died, or was stopped, while it worked on this call",
    fix: "Look at its last log lines, and at the node's stderr",
  },
  {
    id: "died-later",
    words: /^exited during normal operation$/,
    reason: "it ended by itself while it ran; why, it told only the node's own stderr",
    fix: "Look at its last log lines, and at the node's stderr",
  },
  {
    id: "unknown-method",
    words: /^Unknown command '(.*)'$/,
    reason: ({ groups }) => `neither the node nor one of its plugins has a method ${groups[0]}`,
    fix: "Check the name, and that the plugin runs: cln-dev list",
  },
];

function interpreterReason({ file, path }: Facts): string {
  if (file === undefined) return `the program that the #! line of ${path} names does not exist`;
  if (file.interpreter === undefined) {
    return "the system that the node runs on lacks what this program needs, such as its dynamic loader";
  }
  return `the node does not find ${file.interpreter.name}, which the #! line names; here it is ${file.interpreter.path}`;
}

function traceOf({ trace, postMortem }: Facts): JudgedTrace | undefined {
  return trace ?? postMortem?.trace;
}

export function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
