/** The options and the outcome of an offline handshake (run-handshake.ts). */
import type { JsonObject } from "../../jsonrpc/json.js";
import type { Params } from "../../jsonrpc/message.js";
import type { PluginFile } from "../file/plugin-file.js";
import type { Manifest } from "../manifest/manifest.js";
import type { NodePlace, RawOption } from "./init-params.js";

export interface HandshakeOptions extends NodePlace {
  /** The plugin's options, as given to `plugin start`. */
  readonly options?: readonly RawOption[];
  /** Where to stop: after the manifest, or after the answer to `init`. */
  readonly until: "getmanifest" | "init";
  /** How long each of the two answers may take, in ms. lightningd waits 120 s. */
  readonly timeoutMs: number;
  /** How long the plugin must stay alive after its answer to `init`, in ms. Default: 0. */
  readonly aliveForMs?: number;
  /** A call to make after `init`. The handshake passes when it is answered. */
  readonly call?: { readonly method: string; readonly params: Params };
  /**
   * The text of the id of the request that starts the plugin, quotes included. The ids that the
   * plugin sees begin with it. Default: lightning-cli's.
   */
  readonly callerId?: string;
  /** Whether the node runs with --developer, which it passes on to its plugins. */
  readonly developer?: boolean;
  /** Whether the id of `getmanifest` is a number, as in releases before v25. */
  readonly numericManifestId?: boolean;
  /** The `allow-deprecated-apis` of `getmanifest`. Default: true. */
  readonly allowDeprecatedApis?: boolean;
  /** The `configuration` of `init` as JSON text. Default: that of a v26.06.6 node. */
  readonly configuration?: string;
  /** Whether a plugin that is not dynamic fails, as with `plugin start`. Default: true. */
  readonly mustBeDynamic?: boolean;
  /** The node's version, for LIGHTNINGD_VERSION. */
  readonly version?: string;
  /** The node's environment. Default: ours. */
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
}

/** Where the plugin was when the handshake ended. */
export type HandshakePhase = "getmanifest" | "init" | "running";

export type HandshakeEnd =
  /** It got as far as requested. */
  | { readonly kind: "passed" }
  /** It answered `init` with an error. lightningd still counts it as started. */
  | { readonly kind: "init-error"; readonly error: JsonObject }
  | { readonly kind: "disabled"; readonly phase: HandshakePhase; readonly reason: string }
  | {
      readonly kind: "exited";
      readonly phase: HandshakePhase;
      /** Null if a signal ended it. Both are null if it closed its stdout but is still running. */
      readonly code: number | null;
      readonly signal: NodeJS.Signals | null;
    }
  | {
      readonly kind: "timeout";
      readonly phase: HandshakePhase;
      readonly ms: number;
      /**
       * Whether it answered once its stdin was closed: it had not flushed the answer, or it reads
       * its input to the end.
       */
      readonly answersAtEof: boolean;
    }
  /**
   * It wrote the request's id differently in its answer (`\/` for `/`). lightningd compares ids as
   * text, does not find the request, and keeps waiting.
   */
  | {
      readonly kind: "other-id";
      readonly phase: HandshakePhase;
      readonly sent: string;
      readonly got: string;
    }
  /** It wrote to stdout what is not JSON-RPC. `written` is what lightningd would quote. */
  | { readonly kind: "garbage"; readonly phase: HandshakePhase; readonly written: string }
  /** Its manifest, or the options that it was given, break lightningd's rules. */
  | { readonly kind: "refused"; readonly about: "manifest" | "options" }
  | { readonly kind: "not-dynamic" }
  /** The system could not start it. `code` is ENOENT, EACCES, ETXTBSY, ... */
  | { readonly kind: "not-started"; readonly code: string }
  /** The caller's signal ended it. */
  | { readonly kind: "cut" };

/** A message that the plugin logged. */
export interface Logged {
  readonly level: string;
  /** The text, cut if it is very long. */
  readonly message: string;
  /** The length of the whole text in UTF-8. */
  readonly bytes: number;
}

export interface Handshake {
  readonly file: PluginFile;
  readonly end: HandshakeEnd;
  /** What lightningd prints after the plugin's path; undefined if it accepts the plugin. */
  readonly nodeMessage: string | undefined;
  /** Its answer to `getmanifest`, if it was valid. */
  readonly manifest: Manifest | undefined;
  /** The text of the `result` of `getmanifest`, as received. */
  readonly manifestText: string | undefined;
  /** The time from the start of the process to the complete manifest, in ms. */
  readonly manifestMs: number | undefined;
  /** The time from the `init` request to its answer, in ms. */
  readonly initMs: number | undefined;
  /** Lines on stdout that are not messages. */
  readonly stray: readonly string[];
  /** What it wrote to stderr; only the beginning and the end if it is long. */
  readonly stderr: string;
  /** What it logged with `log` notifications. */
  readonly logged: readonly Logged[];
}
