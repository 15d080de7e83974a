/**
 * The events of a watch session: one value for each thing that happens. The terminal, plain lines
 * and `--json` (one object per line, with exactly these fields) render them.
 */

/** `own-frame`: a place in the plugin's own code; `quote`: text of the plugin, or its code. */
export interface Finding {
  readonly kind: "heading" | "quote" | "own-frame" | "note";
  readonly text: string;
}

/**
 * Why a reload began. `start`: the session's first; `node`: the node came back; `settings`: they
 * changed.
 */
export type Cause = "start" | "file" | "key" | "command" | "signal" | "node" | "settings";

/** Where in a reload something went wrong. */
export type Phase = "build" | "check" | "stop" | "start";

/** Which plugin on which node: part of every event about a plugin. */
export interface TargetName {
  /** The plugin's file name. */
  readonly plugin: string;
  /** Its absolute path, as the user named it. */
  readonly path: string;
  /** The node's rpc-file. */
  readonly node: string;
}

export interface NodeFacts {
  readonly rpcFile: string;
  readonly lightningDir: string;
  readonly network: string;
  /** As in `getinfo`, such as `v26.06.6`. */
  readonly version: string;
  /** The node's public key, hex. */
  readonly id: string;
  readonly alias: string;
  readonly embedded: boolean;
}

export interface Watching {
  readonly event: "watching";
  readonly nodes: readonly NodeFacts[];
  readonly plugins: readonly {
    readonly plugin: string;
    readonly path: string;
    /** What is watched, as text for the terminal. */
    readonly files: string;
    /** `name=value`, secret values as `***`. */
    readonly options: readonly string[];
    /** Shell commands that the session will run. */
    readonly commands: readonly {
      readonly name: "build" | "run";
      readonly command: string;
      /** The package.json that names it; undefined for the command line. */
      readonly from: string | undefined;
    }[];
  }[];
  /** The package.json that the settings come from. */
  readonly settings: string | undefined;
  /** How to reach this session from a script. */
  readonly control: string | undefined;
}

export interface Reloading extends TargetName {
  readonly event: "reloading";
  readonly cause: Cause;
  /** Absolute paths of the files that changed; empty unless the cause is `file`. */
  readonly files: readonly string[];
}

/** A reload has come to its next step, which a spinner shows. */
export interface PhaseBegun extends TargetName {
  readonly event: "phase";
  readonly phase: Phase;
}

export interface Reloaded extends TargetName {
  readonly event: "reloaded";
  readonly cause: Cause;
  readonly files: readonly string[];
  /** From the change (the first file event) to the node's answer, in ms. */
  readonly totalMs: number;
  /** The node's `plugin stop`, in ms; undefined if it was not needed. */
  readonly stopMs: number | undefined;
  /** The node's `plugin start`, in ms: most of it is the plugin's own start. */
  readonly startMs: number;
  readonly buildMs: number | undefined;
  /** Options taken over from the running plugin: `name=value`, secret values as `***`. */
  readonly takenOver: readonly string[];
  /** How the new version took over, in hot mode; undefined if the plugin was stopped and started. */
  readonly hot?: HotSwitch;
}

/** In hot mode a new version has taken over from one that finishes what it has begun. */
export interface HotSwitch {
  /** What changed in its manifest, such as `+method two`: the plugin was registered again. */
  readonly changes: readonly string[];
  /**
   * How long the node did not know the plugin because of that, in ms; undefined if it always did.
   */
  readonly gapMs: number | undefined;
  /** `old-first`: it cannot run beside the previous version, which ended first. */
  readonly handover: "beside" | "old-first";
  /** Its message when it could not, if this reload found that out. */
  readonly because: string | undefined;
  /** How long requests waited, in ms, and how many. */
  readonly heldMs: number;
  readonly held: number;
}

export interface Failed extends TargetName {
  readonly event: "failed";
  readonly cause: Cause;
  readonly files: readonly string[];
  readonly phase: Phase;
  /** The node's error code; undefined if the error is not the node's. */
  readonly code: number | undefined;
  /** The node's own message. */
  readonly message: string;
  /** Why, and what to do, if known. */
  readonly reason: string | undefined;
  readonly fix: string | undefined;
  /** What the plugin itself wrote: its traceback, a stray print, how far it came. */
  readonly findings: readonly Finding[];
  /** Whether the previous version is still running. */
  readonly running: boolean;
  /** In hot mode: the new version was tried beside the previous one. */
  readonly hot?: boolean;
  readonly totalMs: number;
}

export interface Unreachable extends TargetName {
  readonly event: "unreachable";
  readonly message: string;
  /** Why the node died of the start, if it did and that is known. */
  readonly reason: string | undefined;
  readonly fix: string | undefined;
}

export interface Refused extends TargetName {
  readonly event: "refused";
  /** A stable name, such as `plugin-not-executable` or `plugin-not-dynamic`. */
  readonly kind: string;
  readonly message: string;
  readonly fix: string | undefined;
  readonly running: boolean;
  /** The exit code of a one-shot command. */
  readonly exitCode: number;
}

/** The build of a compiled plugin made what is already running: it was not started again. */
export interface Unchanged extends TargetName {
  readonly event: "unchanged";
  readonly cause: Cause;
  readonly files: readonly string[];
  readonly totalMs: number;
  readonly buildMs: number;
}

/** A reload ends in exactly one of these. */
export type Outcome = Reloaded | Unchanged | Failed | Unreachable | Refused;

export interface NodeGone {
  readonly event: "node-gone";
  readonly node: string;
  readonly message: string;
}

export interface NodeBack {
  readonly event: "node-back";
  readonly node: string;
  readonly goneMs: number;
}

export interface PluginDied extends TargetName {
  readonly event: "plugin-died";
  /** It was stopped by a command to the node. */
  readonly stopped: boolean;
  /** What the node logged about it, newest last. */
  readonly log: readonly string[];
}

/**
 * Why the plugin died, or did not survive a call: follows a `plugin-died` or a `called`. After a
 * `reloaded`: its `init` was answered with an error, which the node accepts as a start.
 */
export interface Explained extends TargetName {
  readonly event: "explained";
  /** The error that `init` was answered with, if that is what is explained. */
  readonly code?: number | undefined;
  readonly message?: string | undefined;
  readonly reason: string | undefined;
  readonly fix: string | undefined;
  readonly findings: readonly Finding[];
}

/** What a new version changed for its users, such as `+method hello`. */
export interface ManifestChanged extends TargetName {
  readonly event: "manifest";
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

/** A `--call` is under way. */
export interface Calling extends TargetName {
  readonly event: "calling";
  readonly call: string;
}

/** The answer to a `--call`. */
export interface Called extends TargetName {
  readonly event: "called";
  readonly call: string;
  readonly ok: boolean;
  /** The result, or the error, as JSON text. */
  readonly result: string;
  /** The result of the previous call, for comparison. */
  readonly before: string | undefined;
  readonly log: readonly string[];
}

/** A `--run` command has ended. */
export interface Ran extends TargetName {
  readonly event: "ran";
  readonly command: string;
  readonly ok: boolean;
  /** How it ended, such as `exit code 1`. */
  readonly ending: string;
  /** The end of what it printed. */
  readonly output: string;
  readonly ms: number;
}

export interface LogLine {
  readonly event: "log";
  readonly node: string;
  readonly plugin: string;
  /**
   * As in the node's log (`info`, `unusual`, ...), or `stderr` for a plugin on the embedded node.
   */
  readonly level: string;
  readonly text: string;
  readonly time: string | undefined;
  /** For a traceback: a shorter form of it. */
  readonly findings?: readonly Finding[];
}

/** A message between the node and the plugin (`--trace`), or a request that has no answer yet. */
export interface Traced extends TargetName {
  readonly event: "trace";
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly direction: "to-plugin" | "to-node";
  /** `other`: not a JSON-RPC message. `pending`: the request with this id has waited for `ms`. */
  readonly kind: "request" | "notification" | "answer" | "error" | "other" | "pending";
  /** For an answer: the method of the request; undefined if unknown. */
  readonly method: string | undefined;
  /** Whether it is the name of a hook. */
  readonly hook: boolean;
  readonly id: string | undefined;
  /** Params, result or error as JSON text, secrets as `***`. */
  readonly payload: string;
  /** The length of the whole message. */
  readonly bytes: number;
  /** The payload is only its beginning. */
  readonly cut: boolean;
  /** How long the answer took. */
  readonly ms: number | undefined;
  /** Which version of the plugin, in hot mode. */
  readonly version: number | undefined;
}

export interface Notice {
  readonly event: "notice";
  readonly level: "info" | "warn";
  readonly message: string;
}

export interface Ended {
  readonly event: "ended";
  /** File names of the plugins that are still running. */
  readonly running: readonly string[];
}

export type WatchEvent =
  | Watching
  | Reloading
  | PhaseBegun
  | Outcome
  | NodeGone
  | NodeBack
  | PluginDied
  | Explained
  | ManifestChanged
  | Calling
  | Called
  | Ran
  | LogLine
  | Traced
  | Notice
  | Ended;

export type Emit = (event: WatchEvent) => void;
