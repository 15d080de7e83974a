/** What an offline handshake (run-handshake.ts) is given, and its outcome. */
import type { JsonObject } from "../../jsonrpc/json.js";
import type { Params } from "../../jsonrpc/message.js";
import type { PluginFile } from "../file/plugin-file.js";
import type { Manifest } from "../manifest/manifest.js";
import type { NodePlace, RawOption } from "./init-params.js";

export interface HandshakeOptions extends NodePlace {
  /** The options that the start would bring. */
  readonly options?: readonly RawOption[];
  /** Where to stop: after the manifest, or after the answer to `init`. */
  readonly until: "getmanifest" | "init";
  /** How long each of the two answers may take, in ms. lightningd waits 120 s. */
  readonly timeoutMs: number;
  /** How long the plugin must live on after its answer to `init`, in ms; 0 when not given. */
  readonly aliveForMs?: number;
  /** A call that is made after `init`; the handshake has passed when it is answered. */
  readonly call?: { readonly method: string; readonly params: Params };
  /**
   * The text of the id of the request that starts it, quotes included: the ids that the plugin sees
   * begin with it. lightning-cli's when not given.
   */
  readonly callerId?: string;
  /** The node runs with --developer, and gives its plugins that argument. */
  readonly developer?: boolean;
  /** The id of `getmanifest` is a number, as in releases before v25. */
  readonly numericManifestId?: boolean;
  /** The `allow-deprecated-apis` of `getmanifest`; true when not given. */
  readonly allowDeprecatedApis?: boolean;
  /** The `configuration` of `init` as JSON text; that of a v26.06.6 node when not given. */
  readonly configuration?: string;
  /** A plugin that is not dynamic fails, as it does when it is started by `plugin start`. */
  readonly mustBeDynamic?: boolean;
  /** The node's version, for LIGHTNINGD_VERSION. */
  readonly version?: string;
  /** The node's environment; ours when not given. */
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
}

/** Where the plugin was when the handshake ended. */
export type HandshakePhase = "getmanifest" | "init" | "running";

export type HandshakeEnd =
  /** It came as far as was asked. */
  | { readonly kind: "passed" }
  /** It answered `init` with an error. lightningd counts it as started all the same. */
  | { readonly kind: "init-error"; readonly error: JsonObject }
  | { readonly kind: "disabled"; readonly phase: HandshakePhase; readonly reason: string }
  | {
      readonly kind: "exited";
      readonly phase: HandshakePhase;
      /** Null when a signal ended it; both null when it has closed its stdout and lives on. */
      readonly code: number | null;
      readonly signal: NodeJS.Signals | null;
    }
  | {
      readonly kind: "timeout";
      readonly phase: HandshakePhase;
      readonly ms: number;
      /** The answer came after all when its stdin was closed: it had not been flushed, or it reads on. */
      readonly answersAtEof: boolean;
    }
  /**
   * It answers with the request's id written in another way (`\/` for `/`): lightningd never finds
   * the request, and waits. Ids are JSON text.
   */
  | {
      readonly kind: "other-id";
      readonly phase: HandshakePhase;
      readonly sent: string;
      readonly got: string;
    }
  /** What it wrote to stdout is not the protocol. `written` is what lightningd would quote. */
  | { readonly kind: "garbage"; readonly phase: HandshakePhase; readonly written: string }
  /** Its manifest, or the options that it was given, are against lightningd's rules. */
  | { readonly kind: "refused"; readonly about: "manifest" | "options" }
  | { readonly kind: "not-dynamic" }
  /** The system could not start it: ENOENT, EACCES, ETXTBSY, ... */
  | { readonly kind: "not-started"; readonly code: string }
  /** The caller's signal ended it. */
  | { readonly kind: "cut" };

/** A message that the plugin logged. */
export interface Logged {
  readonly level: string;
  /** Its text, cut if it is very long. */
  readonly message: string;
  /** The length of the whole text, in UTF-8. */
  readonly bytes: number;
}

export interface Handshake {
  readonly file: PluginFile;
  readonly end: HandshakeEnd;
  /** lightningd's message in this case, after the plugin's path; undefined if it takes the plugin. */
  readonly nodeMessage: string | undefined;
  /** Its answer to `getmanifest`, if it was a good one. */
  readonly manifest: Manifest | undefined;
  /** The text of the `result` of `getmanifest`, as it came. */
  readonly manifestText: string | undefined;
  /** From the start of the process to the whole answer, in ms. */
  readonly manifestMs: number | undefined;
  /** From the request to the answer of `init`, in ms. */
  readonly initMs: number | undefined;
  /** Lines that it wrote to stdout beside the protocol. */
  readonly stray: readonly string[];
  /** What it wrote to stderr: the beginning and the end if it is long. */
  readonly stderr: string;
  /** What it logged by `log` notifications. */
  readonly logged: readonly Logged[];
}
