/**
 * What a watch session and a hot host say to each other over the host's control socket: JSON lines.
 * The host greets first. Events that a session does not know are left out.
 */
import { isObject, parseJson, stringOf } from "../jsonrpc/json.js";
import type { HandshakeEnd, Logged } from "../plugin/handshake/handshake.js";
import type { Handover } from "./description.js";

/** A host of another protocol is replaced by the session. */
export const PROTOCOL = 1;

export type HotCommand =
  /** Takes the file as it is now; `register`: by a front that joins, because its options are others. What the version is run with is in `hot.json`. */
  | { readonly cmd: "reload"; readonly number: number; readonly register: boolean }
  /** The front leaves, and one that joins comes: resolves the next `ready` when no call is pending. */
  | { readonly cmd: "make-way"; readonly number: number }
  /** It does not come: the version that is waiting is given up, and the old one registered again. */
  | { readonly cmd: "take-back"; readonly number: number }
  /** How much of each message is wanted; 0: no trace. What passed before the first one is kept for it. */
  | { readonly cmd: "trace"; readonly maxBytes: number };

export type HotEvent =
  | {
      readonly event: "hello";
      readonly protocol: number;
      /** The release of cln-dev that the host belongs to. */
      readonly release: string;
      readonly pid: number;
      /** The active version; 0 if there is none. */
      readonly version: number;
      /** Why there is none. */
      readonly down: string | undefined;
      /** The node's own config started the front, and the plugin is not dynamic: it stays registered. */
      readonly isStatic: boolean;
      readonly handover: Handover;
    }
  | HotOutcome
  | { readonly event: "ready"; readonly number: number; readonly pending: number }
  | { readonly event: "stderr"; readonly version: number; readonly text: string }
  /** Text on stdout beside the protocol, which was not handed on. */
  | { readonly event: "stray"; readonly version: number; readonly text: string }
  /** An answer to a request that nobody has made. */
  | { readonly event: "unknown-id"; readonly version: number; readonly id: string }
  /** An old version did not end its calls in time. */
  | { readonly event: "cut"; readonly version: number; readonly methods: readonly string[] }
  /** The active version has ended by itself. */
  | {
      readonly event: "died";
      readonly version: number;
      readonly code: number | null;
      readonly signal: string | null;
      readonly stderr: string;
    }
  | {
      readonly event: "trace";
      /** Ms since 1970. */
      readonly at: number;
      readonly direction: "to-plugin" | "to-node";
      readonly version: number;
      readonly bytes: number;
      /** The message, or its beginning. */
      readonly text: string;
    }
  /** Events that the session was too slow for. */
  | { readonly event: "lost"; readonly count: number };

/** What happened to a reload. */
export type HotOutcome = { readonly event: "outcome"; readonly number: number } & (
  | {
      readonly result: "switched";
      readonly version: number;
      readonly handover: Handover;
      /** Found out in this reload that the new version cannot run beside the old one: its words. */
      readonly because: string | undefined;
      readonly manifestMs: number;
      readonly initMs: number;
      /** How long the node did not know the plugin, if it was registered again. */
      readonly gapMs: number | undefined;
      /** How long requests were held, and how many; 0 if nothing was. */
      readonly heldMs: number;
      readonly held: number;
    }
  /** It waits for a front that joins: what it shows to the node has changed. */
  | {
      readonly result: "changed";
      readonly version: number;
      readonly changes: readonly string[];
      readonly manifest: string;
    }
  | {
      readonly result: "failed";
      readonly version: number;
      readonly phase: "getmanifest" | "init";
      /** The node's words for it, without the plugin's path. */
      readonly words: string;
      readonly end: HandshakeEnd;
      readonly manifest: string | undefined;
      readonly stderr: string;
      readonly stray: readonly string[];
      readonly logged: readonly Logged[];
      /** Whether another version is still serving. */
      readonly running: boolean;
    }
  /** A later reload has taken its place. */
  | { readonly result: "superseded" }
);

/** @returns undefined for a line that is no command */
export function readCommand(line: string): HotCommand | undefined {
  const value = parseJson(line);
  if (!isObject(value)) return undefined;
  const cmd = stringOf(value.cmd);
  const number = typeof value.number === "number" ? value.number : 0;
  if (cmd === "reload") return { cmd, number, register: value.register === true };
  if (cmd === "make-way" || cmd === "take-back") return { cmd, number };
  if (cmd !== "trace") return undefined;
  const maxBytes = typeof value.maxBytes === "number" ? value.maxBytes : 0;
  return { cmd, maxBytes };
}

/**
 * The host is a program of ours, of this protocol: beyond the name its events are taken as they are.
 * @returns undefined for a line that is no event
 */
export function readEvent(line: string): HotEvent | undefined {
  const value = parseJson(line);
  return isObject(value) && typeof value.event === "string" ? (value as HotEvent) : undefined;
}
