/** Explanations of what a plugin writes: text beside the protocol, and messages that are none. */

import type { Rule, RuleContext } from "./explanation.js";
import { hintsFor } from "./language-hints.js";

const UNREADABLE = /^Failed to parse RPC JSON response '([\s\S]*)'$/;

export const OUTPUT_RULES: readonly Rule[] = [
  {
    id: "python-dictionary",
    pattern: UNREADABLE,
    condition: ({ groups }) => /^\s*\{\s*'/.test(groups[0] ?? ""),
    reason: "it wrote a Python dictionary instead of JSON: the quotes are single ones",
    fix: "Write print(json.dumps(...), flush=True)",
  },
  {
    id: "stray-print",
    pattern: UNREADABLE,
    condition: ({ offline, groups }) =>
      offline?.stray.some(({ text }) => !text.startsWith("{")) ||
      !(groups[0] ?? "").trimStart().startsWith("{"),
    reason: (facts) =>
      `${printer(facts)} to stdout, which belongs to JSON-RPC alone, so the node cannot read what follows`,
    fix: ({ language }) =>
      `Write for people elsewhere: ${hintsFor(language).toStderr}, or a log notification`,
  },
  {
    id: "broken-json",
    pattern: UNREADABLE,
    reason: "what it wrote is not valid JSON",
    fix: "Let a JSON library write the messages, one whole object each",
  },
  {
    id: "no-jsonrpc",
    pattern: /^JSON-RPC message does not contain "jsonrpc" field: /,
    reason: "it wrote an object that is no JSON-RPC message",
    fix: 'Put "jsonrpc": "2.0" into every message, and write other objects elsewhere',
  },
  {
    id: "log-level",
    pattern: /^Unknown log-level "?([^",]*)"?,/,
    reason: ({ groups }) => `it logged at the level ${groups[0]}, which lightningd does not have`,
    fix: "Use trace, debug, info, warn or error",
  },
  {
    id: "log-message",
    pattern: /^Log notification from plugin doesn't have/,
    reason: "it sent a log notification whose message is not a string",
    fix: 'Send {"jsonrpc": "2.0", "method": "log", "params": {"level": "info", "message": "text"}}',
  },
  {
    id: "malformed-notification",
    pattern: /^(Malformed JSON-RPC notification|JSON-RPC notify "id"-field is not present)/,
    reason: "it sent a message without id, method or params that lightningd cannot place",
    fix: "Answer with the id of the request; a notification needs method and params",
  },
  {
    id: "manifest-error",
    pattern: /^Invalid\/missing result tok in '([\s\S]*)'$/,
    condition: ({ groups }) => /"error"\s*:\s*\{/.test(groups[0] ?? ""),
    reason: ({ groups }) =>
      `it answered getmanifest with an error: ${/"message"\s*:\s*"((?:\\.|[^"\\])*)"/.exec(groups[0] ?? "")?.[1] ?? "see above"}`,
    fix: "Answer getmanifest by name: a handler for unknown methods must not catch it",
  },
  {
    id: "manifest-no-result",
    pattern: /^Invalid\/missing result tok in /,
    reason: "its answer to getmanifest has no result that is an object",
    fix: 'Answer {"jsonrpc": "2.0", "id": <the same>, "result": {"options": [], "rpcmethods": []}}',
  },
];

function printer({ offline }: RuleContext): string {
  const by = offline?.stray.find(({ printedBy }) => printedBy !== undefined)?.printedBy;
  return by === undefined ? "it writes text" : `${by.file}:${by.line} prints`;
}
