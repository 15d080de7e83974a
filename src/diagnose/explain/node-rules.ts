/**
 * Explanations of the node's errors before it runs a plugin, when it should stop one, and for a
 * call.
 */
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import type { Manifest } from "../../plugin/manifest/manifest.js";
import { shellPath } from "../../plugin/shell-words.js";
import { ownFrame } from "../offline-run.js";
import { dynamicHint, saysDynamic } from "./dynamic-hint.js";
import { stderrOf } from "./exit-rules.js";
import { type Rule, type RuleContext, traceOf } from "./explanation.js";
import { hintsFor } from "./language-hints.js";

const DIED = /^(exited during normal operation|Plugin terminated before replying to RPC call\.)$/;

export const NODE_RULES: readonly Rule[] = [
  {
    id: "path-escaped",
    pattern: /is not executable: No such file or directory$/,
    condition: ({ file, path }) => file !== undefined && JSON.stringify(path) !== `"${path}"`,
    reason:
      "lightningd takes a path as the JSON of the call has it, where a quote, a backslash or a control character is escaped, so it looks for another file",
    fix: ({ path }) => `Name it and its folders without such characters: ${path}`,
  },
  {
    id: "not-found-by-node",
    pattern: /is not executable: No such file or directory$/,
    reason: ({ file, path }) =>
      file === undefined
        ? `there is no file ${path}`
        : "the file exists, but the node does not see it: it runs in a container, on another machine, or as a user that may not enter the folder",
    fix: ({ file, path }) =>
      file === undefined
        ? "Check the path"
        : `Let the node see ${dirname(path)} under the same path, readable for the node's user`,
  },
  {
    id: "not-executable",
    pattern: /is not executable: Permission denied$/,
    condition: ({ file }) => file === undefined,
    reason: "the file is not executable",
    fix: ({ path }) => `chmod +x ${shellPath(path)}`,
  },
  {
    id: "not-executable-for-node",
    pattern: /is not executable: Permission denied$/,
    reason:
      "the node's user may not execute it, or may not enter one of the folders above it, or the file system forbids programs",
    fix: ({ path }) =>
      `Give that user the right: chmod a+rx ${shellPath(path)}, and a+x its folders`,
  },
  {
    id: "already-running",
    pattern: /^(Invalid argument|already registered)$/,
    reason:
      "the node already runs this file, perhaps started by hand or by its config (its message comes from a stale error number)",
    fix: (facts) => `Stop it first: ${stopCommand(facts.path, facts)}, or let cln-dev watch do so`,
  },
  {
    id: "vanished",
    pattern: /^No such file or directory$/,
    reason: "the file went away while the node was about to start it",
    fix: "Save it again",
  },
  {
    id: "not-running",
    pattern: /^Could not find plugin (.*)$/,
    reason: ({ groups }) => `the node does not run ${groups[0]}`,
    fix: ({ plugins = [] }) =>
      plugins.length === 0
        ? "See what it runs: cln-dev list"
        : `It runs ${plugins.map((path) => basename(path)).join(", ")}`,
  },
  {
    id: "unmanageable",
    pattern: /cannot be managed when lightningd is up$/,
    reason: ({ file }) =>
      saysDynamic(file)
        ? 'the running one was started without "dynamic": true, or has not answered getmanifest yet; the file says it now'
        : "its manifest does not say that it is dynamic, or it has not answered getmanifest yet, so the node neither stops nor starts it while it runs",
    fix: ({ file }) =>
      saysDynamic(file)
        ? "Restart the node once"
        : `${dynamicHint(file)}; then restart the node once`,
  },
  {
    id: "not-dynamic",
    pattern: /^Not a dynamic plugin$/,
    reason:
      "its manifest does not say that it is dynamic, so it can only be started together with the node",
    fix: ({ file }) => dynamicHint(file),
  },
  {
    id: "duplicate-option",
    pattern: /^duplicate json names: (\S+)/,
    reason: ({ groups }) => `${groups[0]} is given twice`,
    fix: "Give it once",
  },
  {
    id: "option-named-options",
    pattern: /^(options: should be|options array entries|Cannot mix)/,
    reason:
      'releases from v26.09 on take options as an array named "options", so the plugin\'s own option of that name cannot be given',
    fix: "Rename the plugin's option, such as to one that begins with the plugin's name",
  },
  {
    id: "interpreter",
    pattern: /^opening pipe: No such file or directory$/,
    reason: interpreterReason,
    fix: ({ file }) =>
      file?.interpreter === undefined
        ? "Check the first line of the file: the program that it names must exist, and the line must end with LF only"
        : isNamedByPath(file.interpreter)
          ? `Let the node see ${dirname(dirname(file.interpreter.path))}: look at ProtectHome and PrivateTmp in its service file, and at its user`
          : `Let the #! line name a program that the node has, such as the path that works here: #!${file.interpreter.path}`,
  },
  {
    id: "may-not-run",
    pattern: /^opening pipe: Permission denied$/,
    reason:
      "the file, or the program that its #! line names, is a folder or may not be executed by the node's user",
    fix: ({ path }) => `Check both: ls -l ${shellPath(path)}; head -1 ${shellPath(path)}`,
  },
  {
    id: "busy",
    pattern: /^opening pipe: Text file busy$/,
    reason: "the program is still being written by the compiler or linker",
    fix: "Wait until the build has ended",
  },
  {
    id: "too-many-files",
    pattern: /^opening pipe: Too many open files$/,
    reason: "the node may open no more files",
    fix: "Raise its limit (ulimit -n 4096) and restart it",
  },
  {
    id: "hook-order",
    pattern: /^Cannot meet required hook dependencies$/,
    reason: ({ offline }) => {
      const demands = hookDemands(offline?.handshake.manifest);
      return demands === ""
        ? "the before and after of its hooks and those of another plugin form a circle"
        : `${demands}, which with the demands of those plugins forms a circle`;
    },
    fix: "Remove one of the before or after names from its hooks",
  },
  {
    id: "died-of-error",
    pattern: DIED,
    condition: (facts) => traceOf(facts) !== undefined,
    reason: (facts) => {
      const place = ownFrame(traceOf(facts));
      const where = place === undefined ? "" : ` at ${place.file}:${place.line}`;
      return `it crashed${where}: ${firstLine(traceOf(facts)?.error ?? "")}`;
    },
    fix: (facts) =>
      ownFrame(traceOf(facts)) === undefined ? "Fix the cause and save" : "Fix that line and save",
  },
  {
    id: "died-no-loop",
    pattern: DIED,
    condition: ({ offline }) => {
      const end = offline?.handshake.end;
      return end?.kind === "exited" && end.phase === "running" && end.code === 0;
    },
    reason: "it exited with code 0 right after init: it does not keep reading requests from stdin",
    fix: ({ language }) => `Read requests until stdin ends: ${hintsFor(language).loop}`,
  },
  {
    id: "died-again",
    pattern: DIED,
    condition: ({ offline }) => offline?.handshake.end.kind === "exited",
    reason: (facts) => {
      const end = facts.offline?.handshake.end;
      const { code = null, signal = null } = end?.kind === "exited" ? end : {};
      const how =
        signal !== null
          ? `it is killed by ${signal}`
          : code !== null
            ? `it exits by itself (code ${code})`
            : "it closes its stdout, which ends it for the node";
      const output = stderrOf(facts.offline).trim();
      return `${how}, offline too${output === "" ? "" : "; its output is below"}`;
    },
    fix: "Fix the cause and save",
  },
  {
    id: "in-flight",
    pattern: /^Plugin terminated before replying to RPC call\.$/,
    reason: "the plugin exited or was stopped during this call",
    fix: "Read its last log lines, and the node's stderr",
  },
  {
    id: "died-with-words",
    pattern: /^exited during normal operation$/,
    condition: ({ stderr = "" }) => stderr.trim() !== "",
    reason: ({ stderr = "" }) =>
      `it exited while running; its last line on stderr is: ${stderr.trim().split("\n").at(-1)}`,
    fix: callToRepeat,
  },
  {
    id: "died-later",
    pattern: /^exited during normal operation$/,
    reason: "it exited while running; the reason went to the node's stderr",
    fix: callToRepeat,
  },
  {
    id: "stopped-in-call",
    pattern: /^(stopped by lightningd via RPC|Plugin changed, needs restart\.)$/,
    reason: "the plugin was stopped or reloaded during this call",
    fix: "Make the call again",
  },
  {
    id: "unknown-method",
    pattern: /^Unknown command '(.*)'$/,
    reason: ({ groups }) => `neither the node nor one of its plugins has a method ${groups[0]}`,
    fix: "Check the name, and that the plugin runs: cln-dev list",
  },
];

/** A call through cln-dev is repeated offline if the plugin dies of it. */
function callToRepeat({ methods = [] }: RuleContext): string {
  const method = methods[0] ?? "<method>";
  return `If a call did it, make it with cln-dev, which repeats it offline and shows the traceback: --call "${method}" in the session, or cln-dev call ${method}`;
}

/** The command that stops a plugin on the node in question. @param plugin its path */
export function stopCommand(plugin: string, { node }: RuleContext): string {
  const command = `cln-dev stop ${shellPath(plugin)}`;
  if (node === undefined || node.lightningDir === join(homedir(), ".lightning")) return command;
  return `${command} --lightning-dir=${shellPath(node.lightningDir)} --network=${node.network}`;
}

function hookDemands(manifest: Manifest | undefined): string {
  const hooks = (manifest?.hooks ?? []).filter(
    ({ before, after }) => before.length + after.length > 0,
  );
  return hooks
    .map(({ name, before, after }) => {
      const parts = [
        ...(before.length > 0 ? [`before ${before.join(", ")}`] : []),
        ...(after.length > 0 ? [`after ${after.join(", ")}`] : []),
      ];
      return `its hook ${name} wants to be ${parts.join(" and ")}`;
    })
    .join("; ");
}

function interpreterReason({ file, path }: RuleContext): string {
  if (file === undefined) return `the program that the #! line of ${path} names does not exist`;
  if (file.interpreter === undefined) {
    return "the system that the node runs on lacks what this program needs, such as its dynamic loader";
  }
  if (isNamedByPath(file.interpreter)) {
    return `${file.interpreter.path}, which the #! line names, is here, and the node does not see it`;
  }
  return `the node does not find ${file.interpreter.name}, which the #! line names; here it is ${file.interpreter.path}`;
}

function isNamedByPath({ name, path }: { readonly name: string; readonly path: string }): boolean {
  return name === path;
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
