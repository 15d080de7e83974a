/**
 * What a watch session says: one value for each thing that happened. The terminal, the plain lines
 * and `--json` (one object a line, with these very fields) are renderings of these.
 */

/** `own-frame`: a place in the plugin's own code; `quote`: text of the plugin, or its code. */
export interface Finding {
  readonly kind: "heading" | "quote" | "own-frame" | "note";
  readonly text: string;
}

/** Why a reload was begun. `start`: the session's first; `node`: the node came back; `settings`: they changed. */
export type Cause = "start" | "file" | "key" | "command" | "signal" | "node" | "settings";

/** Where in a reload something went wrong. */
export type Phase = "build" | "check" | "stop" | "start";

/** Which plugin on which node: every event about a plugin carries it. */
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
  /** As `getinfo` says it, such as `v26.06.6`. */
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
    /** What is watched, for a person. */
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
  /** The package.json that settings are taken from. */
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

/** A reload has come to its next step: what a spinner shows. */
export interface PhaseBegun extends TargetName {
  readonly event: "phase";
  readonly phase: Phase;
}

export interface Reloaded extends TargetName {
  readonly event: "reloaded";
  readonly cause: Cause;
  readonly files: readonly string[];
  /** From the change (the first file event) to the node's answer, ms. */
  readonly totalMs: number;
  /** The node's `plugin stop`, ms; undefined if it did not run. */
  readonly stopMs: number | undefined;
  /** The node's `plugin start`, ms: the plugin's own start is most of it. */
  readonly startMs: number;
  readonly buildMs: number | undefined;
  /** Options that were taken over from the running plugin: `name=value`, secret values as `***`. */
  readonly takenOver: readonly string[];
  /** How the new version took over, in hot mode; undefined if the plugin was stopped and started. */
  readonly hot?: HotSwitch;
}

/** A new version has taken over in hot mode, from one that ends what it has begun. */
export interface HotSwitch {
  /** What it shows to the node differently, such as `+method two`: the plugin was registered again. */
  readonly changes: readonly string[];
  /** How long the node did not know the plugin for that, ms; undefined if it always did. */
  readonly gapMs: number | undefined;
  /** `old-first`: it cannot run beside the previous version, which ended before. */
  readonly handover: "beside" | "old-first";
  /** What it said when it could not, if that was found out in this reload. */
  readonly because: string | undefined;
  /** How long requests waited, ms, and how many. */
  readonly heldMs: number;
  readonly held: number;
}

export interface Failed extends TargetName {
  readonly event: "failed";
  readonly cause: Cause;
  readonly files: readonly string[];
  readonly phase: Phase;
  /** The node's error code; undefined if it is not the node that said so. */
  readonly code: number | undefined;
  /** The node's own message. */
  readonly message: string;
  /** Why, and what to do, if that is known. */
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
  /** What a one-shot command ends with. */
  readonly exitCode: number;
}

/** The build of a compiled plugin made what runs already: it was not started again. */
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
 * `reloaded`: its `init` was answered with an error, which the node takes for a start.
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

/** A `--call` is made. */
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
  /** The same of the call before, for comparison. */
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
  /** As the node has it (`info`, `unusual`, ...), or `stderr` for a plugin on the embedded node. */
  readonly level: string;
  readonly text: string;
  readonly time: string | undefined;
  /** Where the text is a traceback: what it says, shorter. */
  readonly findings?: readonly Finding[];
}

/** A message between the node and the plugin (`--trace`), or a request that has no answer yet. */
export interface Traced extends TargetName {
  readonly event: "trace";
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly direction: "to-plugin" | "to-node";
  /** `other`: no JSON-RPC message. `pending`: the request with this id has waited for `ms`. */
  readonly kind: "request" | "notification" | "answer" | "error" | "other" | "pending";
  /** Of an answer: what was asked; undefined if that is not known. */
  readonly method: string | undefined;
  /** It is the name of a hook. */
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
  /** Which run of the plugin, in hot mode. */
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
