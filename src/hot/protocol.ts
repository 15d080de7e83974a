/**
 * The messages between a watch session and a hot host, as JSON lines over the host's control
 * socket. The host sends `hello` first. A session ignores events that it does not know.
 */
import { isObject, parseJson, stringOf } from "../jsonrpc/json.js";
import type { HandshakeEnd, Logged } from "../plugin/handshake/handshake.js";
import type { Handover } from "./description.js";

/** A session replaces a host that speaks another protocol. */
export const PROTOCOL = 1;

export type HotCommand =
  /**
   * Loads the plugin file as it is now, with the settings in `hot.json`. `register`: a front that
   * joins registers it in any case, because the plugin's options have changed.
   */
  | { readonly cmd: "reload"; readonly number: number; readonly register: boolean }
  /**
   * Prepares to exchange the front for one that joins: answered by `ready` when no call is pending,
   * or after a while.
   */
  | { readonly cmd: "make-way"; readonly number: number }
  /** No front joins: gives up the waiting version, and registers the old one again. */
  | { readonly cmd: "take-back"; readonly number: number }
  /**
   * Sets how much of each message to trace; 0: no trace. The first `trace` also gets the messages
   * that passed before it.
   */
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
      /**
       * Whether the node's own config started the front and the plugin is not dynamic: it stays
       * registered.
       */
      readonly isStatic: boolean;
      readonly handover: Handover;
    }
  | HotOutcome
  | { readonly event: "ready"; readonly number: number; readonly pending: number }
  | { readonly event: "stderr"; readonly version: number; readonly text: string }
  /** Text on stdout outside the protocol, which was not passed on. */
  | { readonly event: "stray"; readonly version: number; readonly text: string }
  /** An answer to a request that nobody made. */
  | { readonly event: "unknown-id"; readonly version: number; readonly id: string }
  /** An old version did not finish its calls in time. */
  | { readonly event: "cut"; readonly version: number; readonly methods: readonly string[] }
  /** The active version ended by itself. */
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
  /** Events were dropped because the session was too slow. */
  | { readonly event: "lost"; readonly count: number };

/** The outcome of a reload. */
export type HotOutcome = { readonly event: "outcome"; readonly number: number } & (
  | {
      readonly result: "switched";
      readonly version: number;
      readonly handover: Handover;
      /**
       * The words of the new version, if this reload found that it cannot run beside the old one.
       */
      readonly because: string | undefined;
      readonly manifestMs: number;
      readonly initMs: number;
      /** How long the node did not know the plugin, if it was registered again, in ms. */
      readonly gapMs: number | undefined;
      /** How long requests were held, in ms, and how many; 0 if none were. */
      readonly heldMs: number;
      readonly held: number;
    }
  /** The version waits for a front that joins: what it shows to the node has changed. */
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
      /** The failure in the node's words, without the plugin's path. */
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

/** Parses a command to the host. @returns undefined if the line is not a command */
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
 * Reads an event. The host is our own program, of this protocol: only the event's name is checked.
 * @returns undefined if the line is not an event
 */
export function readEvent(line: string): HotEvent | undefined {
  const value = parseJson(line);
  return isObject(value) && typeof value.event === "string" ? (value as HotEvent) : undefined;
}
