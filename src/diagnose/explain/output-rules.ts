/** Explanations of a plugin's output: stray text, and messages that break the protocol. */
import { stripVTControlCharacters } from "node:util";
import { Framer } from "../../jsonrpc/framing.js";
import { parseObject } from "../../jsonrpc/json.js";
import { findPrint, type PrintLine } from "../evidence/find-print.js";
import { ownFrame } from "../offline-run.js";
import type { Rule, RuleContext } from "./explanation.js";
import { hintsFor } from "./language-hints.js";

/** Before v25.12 the message has no "RPC" in it. */
const UNREADABLE = /^Failed to parse (?:RPC )?JSON response '([\s\S]*)'$/;

export const OUTPUT_RULES: readonly Rule[] = [
  {
    id: "python-dictionary",
    pattern: UNREADABLE,
    condition: ({ groups }) => /^\s*\{\s*'/.test(groups[0] ?? ""),
    reason: "it wrote a Python dictionary instead of JSON, with single quotes",
    fix: "Write print(json.dumps(...), flush=True)",
  },
  {
    id: "broken-by-command",
    pattern: UNREADABLE,
    condition: ({ offline }) => /not found$/.test(offline?.trace?.error ?? ""),
    reason: ({ offline }) => {
      const frame = ownFrame(offline?.trace);
      const where = frame === undefined ? "" : ` at ${frame.file}:${frame.line}`;
      return `the script runs a program that does not exist: ${offline?.trace?.error}${where}, so what it wrote is not valid JSON`;
    },
    fix: "Install it, or write its absolute path: the node's PATH is not the one of your shell",
  },
  {
    id: "stray-print",
    pattern: UNREADABLE,
    condition: (facts) => strayOf(facts) !== undefined,
    reason: (facts) => {
      const { text = "", printedBy } = strayOf(facts) ?? {};
      return `it printed ${shown(text)} to stdout${placed(printedBy)}, which is reserved for JSON-RPC`;
    },
    fix: ({ language }) => `Print it to stderr, ${hintsFor(language).toStderr}, or log it`,
  },
  {
    id: "not-utf8",
    pattern: UNREADABLE,
    condition: ({ groups }) => isWellFormed(groups[0] ?? ""),
    reason: "what it wrote reads as JSON, so probably it holds bytes that are not UTF-8",
    fix: "Encode messages as UTF-8, and decode input before you put it into them",
  },
  {
    id: "broken-json",
    pattern: UNREADABLE,
    reason: ({ groups }) => `it wrote something that is not JSON: ${shown(groups[0] ?? "")}`,
    fix: "Let a JSON library write the messages, one whole object each",
  },
  {
    id: "no-jsonrpc",
    pattern: /^JSON-RPC message does not contain "jsonrpc" field(?:: '([\s\S]*)')?$/,
    reason: (facts) => {
      const text = facts.groups[0] ?? "";
      const by = facts.file && text !== "" ? findPrint(facts.file, text) : undefined;
      return `it wrote an object that is not a JSON-RPC message${text === "" ? "" : `: ${shown(text)}`}${placed(by)}`;
    },
    fix: 'Put "jsonrpc": "2.0" into every message, and print other objects to stderr',
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
    id: "hook-error",
    pattern: /^Plugin \S+ for (\S+) returned non-result response/,
    reason: ({ groups }) =>
      `it answered the hook ${groups[0]} with an error, at which a real lightningd exits`,
    fix: 'Always answer hooks with a result, such as {"result": "continue"}, also when something fails inside',
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

/**
 * The text besides the JSON objects in lightningd's quote, which has everything that it had read
 * and not understood, whole messages included. A log line has `?` in place of line ends.
 * @param words lightningd's message
 */
export function strayIn(words: string): string[] {
  const quoted = UNREADABLE.exec(words)?.[1];
  if (quoted === undefined) return [];
  const framer = new Framer();
  try {
    const frames = framer.push(Buffer.from(`${quoted}\n`));
    return frames
      .filter((frame) => frame.kind === "text")
      .map((frame) => clean(frame.bytes.toString("utf8")))
      .filter((text) => text !== "");
  } catch {
    return [];
  }
}

/** Whether the quote consists of whole JSON objects: then only their bytes can be wrong. */
function isWellFormed(quoted: string): boolean {
  try {
    const frames = new Framer().push(Buffer.from(quoted));
    const objects = frames.filter((frame) => frame.kind === "object");
    return objects.length > 0 && objects.every((frame) => parseObject(frame.bytes) !== undefined);
  } catch {
    return false;
  }
}

function clean(text: string): string {
  return stripVTControlCharacters(text).replace(/^[?\s]+|[?\s]+$/g, "");
}

/** The stray text, and the line that printed it. */
function strayOf({ message, offline, file }: RuleContext) {
  const [text] = strayIn(message);
  if (text !== undefined) return { text, printedBy: file && findPrint(file, text) };
  return offline?.stray.find((stray) => !stray.text.startsWith("{"));
}

function placed(by: PrintLine | undefined): string {
  if (by === undefined) return "";
  return ` (${by.certain ? "" : "probably "}${by.file}:${by.line})`;
}

function shown(text: string): string {
  const line = text.trim().split("\n", 1)[0] ?? "";
  return `\`${line.length > 80 ? `${line.slice(0, 80)}...` : line}\``;
}
