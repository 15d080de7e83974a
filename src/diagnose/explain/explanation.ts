/** The parts of an explanation: the facts of one failure, and the rules. */
import type { PluginLanguage } from "../../plugin/file/language.js";
import type { PluginFile } from "../../plugin/file/plugin-file.js";
import type { RawOption } from "../../plugin/handshake/init-params.js";
import type { NodeDeath } from "../evidence/crash-log.js";
import type { EnvironmentDifference } from "../evidence/node-environment.js";
import type { OfflineRun, PluginTrace } from "../offline-run.js";

/** Why something failed and what to do: one sentence each, without its full stop. */
export interface Explanation {
  /** A stable name, such as `unknown-option`. */
  readonly id: string;
  readonly reason: string;
  readonly fix: string;
}

/** What is known besides the error itself. The more, the better the explanation. */
export interface ExplainContext {
  /** The path that the node was given: absolute, without symlinks. */
  readonly path: string;
  /** The file, if it could be inspected. */
  readonly file?: PluginFile | undefined;
  /** The options of the start that failed. */
  readonly options?: readonly RawOption[];
  /** The offline run after the failure. */
  readonly offline?: OfflineRun | undefined;
  /** Its trace, if that was found elsewhere than in the offline run. */
  readonly trace?: PluginTrace | undefined;
  /** What the plugin wrote to stderr since it was started, if that can be read. */
  readonly stderr?: string;
  /** The node: its base directory and its network. */
  readonly node?: { readonly lightningDir: string; readonly network: string } | undefined;
  /** Canonical paths of the node's plugins. */
  readonly plugins?: readonly string[];
  /** The methods that the node has, from `help`. */
  readonly methods?: readonly string[];
  /** The `configs` of `listconfigs`. */
  readonly configs?: unknown;
  /** The node's version, as in `getinfo`. */
  readonly version?: string | undefined;
  /** How the node's environment differs from ours, if that could be read. */
  readonly environment?: EnvironmentDifference | undefined;
  /** The version of the Python that runs it, such as `3.11`. */
  readonly pythonVersion?: string | undefined;
  /** A file that was written while the previous version was stopped. */
  readonly cutFile?: string | undefined;
  /** What a dead node left behind. */
  readonly death?: NodeDeath | undefined;
}

/** A context, and the matches of the rule's pattern. */
export interface RuleContext extends ExplainContext {
  readonly message: string;
  /** The pattern's groups; `groups[0]` is the first one. */
  readonly groups: readonly string[];
  readonly language: PluginLanguage;
}

type Text = string | ((facts: RuleContext) => string);

/** One kind of failure. The first rule whose pattern and condition match is used. */
export interface Rule {
  readonly id: string;
  /** Matches the node's message, without the plugin's path before it. */
  readonly pattern: RegExp;
  /** What else must be true. */
  readonly condition?: (facts: RuleContext) => boolean;
  readonly reason: Text;
  readonly fix: Text;
}

export function textOf(text: Text, facts: RuleContext): string {
  return typeof text === "string" ? text : text(facts);
}

/** The plugin's trace, wherever it was found. */
export function traceOf({ trace, offline }: RuleContext): PluginTrace | undefined {
  return trace ?? offline?.trace;
}
