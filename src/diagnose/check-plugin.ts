/**
 * Checks a plugin without a node: its file, its handshake, its manifest, its output. Used by
 * `cln-dev check`, for editors and CI. No real node is touched; the rules are those of one release
 * of lightningd.
 */
import { Failure } from "../errors/failure.js";
import type { Finding } from "../events/watch-events.js";
import { encodeStartOptions, needsDeclaration } from "../node/plugins/start-options.js";
import { inspectPluginFile, type PluginFile } from "../plugin/file/plugin-file.js";
import type { Handshake, HandshakeOptions } from "../plugin/handshake/handshake.js";
import type { NodePlace, RawOption } from "../plugin/handshake/init-params.js";
import { runHandshake } from "../plugin/handshake/run-handshake.js";
import { type LintFinding, lintManifest, type Severity } from "../plugin/manifest/lint.js";
import {
  BACKEND_METHODS,
  NATIVE_METHODS,
  NATIVE_OPTIONS,
  PLUGIN_METHODS,
  RELEASE,
} from "../plugin/release.js";
import type { PluginOption } from "../settings/types.js";
import { builtinClashes, giantLog, hasEmptyOptionName } from "./evidence/manifest-hazards.js";
import { dynamicHint } from "./explain/dynamic-hint.js";
import { explain, explainMessage } from "./explain/explain.js";
import type { ExplainContext } from "./explain/explanation.js";
import { endOf, printedFindings } from "./findings.js";
import { analyze, type OfflineRun } from "./offline-run.js";

export interface CheckOptions {
  /** The plugin's path, as the user named it. */
  readonly path: string;
  readonly options: readonly PluginOption[];
  /** The node that `init` names: the plugin may do anything to it. */
  readonly node: NodePlace;
  /** How long each step of the handshake may take, in ms. Default: 10 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface CheckFinding {
  readonly severity: Severity;
  /** `file`, `handshake`, `stdout`, `time`, or the place in the manifest: `options[0].name`. */
  readonly field: string;
  readonly message: string;
  readonly reason: string | undefined;
  readonly fix: string | undefined;
}

export interface CheckResult {
  readonly path: string;
  /** The release of lightningd whose rules were applied. */
  readonly release: string;
  /** Whether no finding is an error. */
  readonly ok: boolean;
  readonly findings: readonly CheckFinding[];
  /** What the plugin itself printed, if it failed. */
  readonly printed: readonly Finding[];
  /** Undefined if the file cannot be run. */
  readonly handshake: Handshake | undefined;
}

const TIMEOUT_MS = 10_000;
/** How long a plugin must run after its init, in ms: without a main loop it ends right away. */
const ALIVE_FOR_MS = 300;
/** A slow manifest delays each reload: reported from this time on, in ms. */
const SLOW_MS = 2_000;

/**
 * Checks one plugin.
 * @throws Failure (exit code 2): the path is not a plugin, or an option cannot be passed on
 */
export async function checkPlugin(options: CheckOptions): Promise<CheckResult> {
  let file: PluginFile;
  try {
    file = await inspectPluginFile(options.path);
  } catch (error) {
    if (!(error instanceof Failure) || error.exitCode === 2) throw error;
    const { what, why, fix } = error;
    const finding = { severity: "error", field: "file", message: what, reason: why, fix } as const;
    return resultOf(options.path, [finding], [], undefined);
  }
  const given = await rawOptions(file, options);
  const handshake = await runHandshake(file, { ...handshakeOptions(options), options: given });
  const ran = analyze(handshake);
  const context = { path: file.realPath, file, options: given, offline: ran };
  const manifest = manifestFindings(handshake, context);
  const ended = endFindings(ran, context, manifest);
  const findings = [...ended, ...manifest, ...logFindings(handshake), ...timeFindings(handshake)];
  const printed = ended.length > 0 ? printedFindings(ran) : [];
  return resultOf(options.path, findings, printed, handshake);
}

function resultOf(
  path: string,
  findings: readonly CheckFinding[],
  printed: readonly Finding[],
  handshake: Handshake | undefined,
): CheckResult {
  const ok = findings.every(({ severity }) => severity !== "error");
  return { path, release: RELEASE, ok, findings, printed, handshake };
}

function handshakeOptions(options: CheckOptions): HandshakeOptions {
  return {
    ...options.node,
    until: "init",
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
    aliveForMs: ALIVE_FOR_MS,
    // The plugin may be meant to start with the node: only a warning.
    mustBeDynamic: false,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
}

/** Some values cannot be written without knowing the option's type: asks for the manifest first. */
async function rawOptions(file: PluginFile, options: CheckOptions): Promise<readonly RawOption[]> {
  if (!needsDeclaration(options.options)) return encodeStartOptions(options.options);
  const asked = { ...handshakeOptions(options), until: "getmanifest" } as const;
  const { manifest } = await runHandshake(file, asked);
  const shapes = manifest?.options.map(({ name, type, multi }) => [name, { type, multi }] as const);
  return encodeStartOptions(options.options, shapes && new Map(shapes));
}

/** How the handshake ended, unless a finding about the manifest covers that. */
function endFindings(
  ran: OfflineRun,
  context: ExplainContext,
  manifest: readonly CheckFinding[],
): CheckFinding[] {
  const { handshake, stray } = ran;
  const { end, nodeMessage } = handshake;
  if (end.kind === "passed" && stray.length === 0) return [];
  if (manifest.some(({ message }) => message === nodeMessage)) return [];
  if (end.kind === "passed") {
    // It came after the end of the handshake; it would have spoilt the next message.
    return [ofWords("stdout", `Failed to parse RPC JSON response '${stray[0]?.text}'`, context)];
  }
  const explanation = explain(handshake, context);
  const field = end.kind === "garbage" ? "stdout" : "handshake";
  const message = nodeMessage ?? endOf(handshake);
  const lacking = lackOfNode(ran);
  if (lacking !== undefined) {
    return [
      {
        severity: "warning",
        field,
        message,
        reason: `cln-dev's embedded node has no ${lacking}, which a real node has: a limit of this check, not a mistake of the plugin`,
        fix: "Try it on a real node: cln-dev start, or cln-dev regtest",
      },
    ];
  }
  const { reason, fix } = explanation ?? { reason: undefined, fix: undefined };
  return [{ severity: "error", field, message, reason, fix }];
}

/** What the plugin asked of the node that only a real node has, if it failed because of that. */
function lackOfNode({ handshake, trace }: OfflineRun): string | undefined {
  const said = [
    trace?.error ?? "",
    handshake.stderr,
    JSON.stringify(handshake.end),
    ...handshake.logged.map(({ message }) => message),
  ].join("\n");
  const method = /The embedded node does not support '([\w-]+)'/.exec(said)?.[1];
  return method === undefined ? undefined : `method ${method}`;
}

function ofWords(field: string, message: string, context: ExplainContext): CheckFinding {
  const { reason, fix } = explainMessage(message, context) ?? { reason: undefined, fix: undefined };
  return { severity: "error", field, message, reason, fix };
}

function manifestFindings(handshake: Handshake, context: ExplainContext): CheckFinding[] {
  const text = handshake.manifestText;
  if (text === undefined) return [];
  const options = handshake.manifest?.options.filter(({ name }) => NATIVE_OPTIONS.has(name)) ?? [];
  return [
    ...lintManifest(text).map((finding) => withReason(finding, context)),
    ...builtinClashes(text, [...NATIVE_METHODS]).map(crashes),
    ...builtinClashes(text, [...PLUGIN_METHODS, ...BACKEND_METHODS]).map(taken),
    ...(hasEmptyOptionName(text) ? [EMPTY_OPTION] : []),
    ...options.map(({ name }) =>
      ofWords("options", `Option "${name}" already registered`, context),
    ),
  ];
}

const EMPTY_OPTION: CheckFinding = {
  severity: "error",
  field: "options",
  message: "an option has an empty name",
  reason: "a node that starts this plugin crashes",
  fix: "Give it a name, such as one that begins with the plugin's own",
};

function crashes(name: string): CheckFinding {
  return {
    severity: "error",
    field: "rpcmethods",
    message: `lightningd itself has a method ${name}`,
    reason: "a node that starts this plugin crashes",
    fix: "Give the method another name, such as one that begins with the plugin's own",
  };
}

function taken(name: string): CheckFinding {
  const isBackend = BACKEND_METHODS.has(name);
  return {
    severity: isBackend ? "warning" : "error",
    field: "rpcmethods",
    message: `one of lightningd's own plugins has a method ${name}`,
    reason: "a node that runs that plugin refuses this one",
    fix: isBackend
      ? "Start the node with disable-plugin=bcli"
      : "Give the method another name, such as one that begins with the plugin's own",
  };
}

function logFindings(handshake: Handshake): CheckFinding[] {
  const bytes = giantLog(handshake);
  if (bytes === undefined) return [];
  return [
    {
      severity: "error",
      field: "log",
      message: `it logged a message of ${bytes} bytes`,
      reason: "releases from v26.04 to v26.06.6 crash at a log message of more than 262144 bytes",
      fix: "Cut long messages before you log them",
    },
  ];
}

function withReason(finding: LintFinding, context: ExplainContext): CheckFinding {
  const { severity, field, message } = finding;
  const known = severity === "error" ? explainMessage(message, context) : undefined;
  const hint = field === "dynamic" && severity === "warning" && finding.fix?.startsWith("Add");
  const fix = hint ? dynamicHint(context.file) : finding.fix;
  return { severity, field, message, reason: known?.reason, fix: fix ?? known?.fix };
}

function timeFindings({ manifestMs }: Handshake): CheckFinding[] {
  if (manifestMs === undefined || manifestMs < SLOW_MS) return [];
  const message = `the manifest took ${(manifestMs / 1000).toFixed(1)} s, and each reload waits for it`;
  const fix = "Load slow modules after init, or when they are needed";
  return [{ severity: "warning", field: "time", message, reason: undefined, fix }];
}
