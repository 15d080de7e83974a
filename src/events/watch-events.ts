/**
 * The events of a watch session, one for each thing that happens. They are rendered for the
 * terminal, as plain lines, and by `--json` (one object per line, with exactly these fields).
 */

/** `own-frame`: a place in the plugin's own code; `quote`: the plugin's output, or its code. */
export interface Finding {
  readonly kind: "heading" | "quote" | "own-frame" | "note";
  readonly text: string;
}

/**
 * Why a reload began. `start`: the session began; `node`: the node came back; `settings`: the
 * settings changed.
 */
export type Cause = "start" | "file" | "key" | "command" | "signal" | "node" | "settings";

/** The step of a reload that is under way, or that failed. */
export type Phase = "build" | "check" | "stop" | "start";

/** Identifies a plugin on a node, in every event about a plugin. */
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
    /** As `name=value`, secret values as `***`. */
    readonly options: readonly string[];
    /** Shell commands that the session will run. */
    readonly commands: readonly {
      readonly name: "build" | "run";
      readonly command: string;
      /** The package.json that has it; undefined if it is from the command line. */
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

/** A reload has reached its next step. A spinner shows it. */
export interface PhaseBegun extends TargetName {
  readonly event: "phase";
  readonly phase: Phase;
}

export interface Reloaded extends TargetName {
  readonly event: "reloaded";
  readonly cause: Cause;
  readonly files: readonly string[];
  /** The time from the change (the first file event) to the node's answer, in ms. */
  readonly totalMs: number;
  /** How long the node's `plugin stop` took, in ms; undefined if it was not needed. */
  readonly stopMs: number | undefined;
  /** How long the node's `plugin start` took, in ms: most of it is the plugin's own start. */
  readonly startMs: number;
  readonly buildMs: number | undefined;
  /** Options taken over from the running plugin: `name=value`, secret values as `***`. */
  readonly takenOver: readonly string[];
  /**
   * How the new version took over, in hot mode; undefined if the plugin was stopped and started.
   */
  readonly hot?: HotSwitch;
}

/** How a new version took over in hot mode: the previous one finishes what it has begun. */
export interface HotSwitch {
  /**
   * What changed, such as `+method two` or `options`. If anything, the plugin was registered again.
   */
  readonly changes: readonly string[];
  /**
   * How long the node did not know the plugin because of that, in ms; undefined if it always did.
   */
  readonly gapMs: number | undefined;
  /** `old-first`: it cannot run beside the previous version, so that ended first. */
  readonly handover: "beside" | "old-first";
  /** Its error message when run beside the previous version, if this reload found that out. */
  readonly because: string | undefined;
  /** How long requests waited, in ms. */
  readonly heldMs: number;
  /** How many requests waited. */
  readonly held: number;
}

export interface Failed extends TargetName {
  readonly event: "failed";
  readonly cause: Cause;
  readonly files: readonly string[];
  readonly phase: Phase;
  /** The node's error code; undefined if the error is not the node's. */
  readonly code: number | undefined;
  /** The node's own message, or that of the build or check that failed. */
  readonly message: string;
  /** Why it failed, if known. */
  readonly reason: string | undefined;
  /** What to do, if known. */
  readonly fix: string | undefined;
  /** What the plugin itself wrote (its traceback, a stray print), and how far it came. */
  readonly findings: readonly Finding[];
  /** Whether the previous version is still running. */
  readonly running: boolean;
  /** Whether the new version was tried beside the previous one, in hot mode. */
  readonly hot?: boolean;
  readonly totalMs: number;
}

export interface Unreachable extends TargetName {
  readonly event: "unreachable";
  readonly message: string;
  /** Why the node died of the start, if it did and if known. */
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

/** The build of a compiled plugin changed nothing, so the plugin was not started again. */
export interface Unchanged extends TargetName {
  readonly event: "unchanged";
  readonly cause: Cause;
  readonly files: readonly string[];
  readonly totalMs: number;
  readonly buildMs: number;
}

/** A reload ends with exactly one of these. */
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
  /** Whether it was stopped by a command to the node. */
  readonly stopped: boolean;
  /** What the node logged about it, newest last. */
  readonly log: readonly string[];
}

/**
 * Why the plugin died, or did not survive a call: follows a `plugin-died` or a `called`. After a
 * `reloaded`: why it answered `init` with an error, which the node accepts as a start. During a
 * start: why it takes long.
 */
export interface Explained extends TargetName {
  readonly event: "explained";
  /** The code of the error that answered `init`, if that is explained. */
  readonly code?: number | undefined;
  /** The message of that error. */
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

/** A `--call` has begun. */
export interface Calling extends TargetName {
  readonly event: "calling";
  readonly call: string;
}

/** The answer to a `--call`. */
export interface Called extends TargetName {
  readonly event: "called";
  readonly call: string;
  readonly ok: boolean;
  /** The result or the error, as JSON text. */
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
  /** As in the node's log (`info`, `unusual`, ...), or `stderr` for a line written to stderr. */
  readonly level: string;
  readonly text: string;
  readonly time: string | undefined;
  /** A shorter form of the text, if it is a traceback. */
  readonly findings?: readonly Finding[];
}

/** A message between the node and the plugin (`--trace`), or a request that has no answer yet. */
export interface Traced extends TargetName {
  readonly event: "trace";
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly direction: "to-plugin" | "to-node";
  /** `other`: no JSON-RPC message; `pending`: the request with this id has waited for `ms`. */
  readonly kind: "request" | "notification" | "answer" | "error" | "other" | "pending";
  /** For an answer: the method of the request; undefined if unknown. */
  readonly method: string | undefined;
  /** Whether the method is a hook. */
  readonly hook: boolean;
  readonly id: string | undefined;
  /** The params, result or error as JSON text, secrets as `***`. */
  readonly payload: string;
  /** The length of the whole message, in bytes. */
  readonly bytes: number;
  /** Whether the payload is cut off. */
  readonly cut: boolean;
  /** How long the answer took, or a pending request has waited, in ms. */
  readonly ms: number | undefined;
  /** The plugin's version, in hot mode. */
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
