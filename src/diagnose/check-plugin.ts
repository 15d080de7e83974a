/**
 * A plugin looked over without a node of its own: its file, its handshake, its manifest, what it
 * writes. For editors and CI by `cln-dev check`. Nothing of it touches a real node.
 */
import { Failure } from "../errors/failure.js";
import type { Finding } from "../events/watch-events.js";
import { NATIVE_METHODS, NATIVE_OPTIONS } from "../node/plugins/builtin-names.js";
import { encodeStartOptions, needsDeclaration } from "../node/plugins/start-options.js";
import { inspectPluginFile, type PluginFile } from "../plugin/file/plugin-file.js";
import type { Handshake, HandshakeOptions } from "../plugin/handshake/handshake.js";
import type { NodePlace, RawOption } from "../plugin/handshake/init-params.js";
import { runHandshake } from "../plugin/handshake/run-handshake.js";
import { type LintFinding, lintManifest, type Severity } from "../plugin/manifest/lint.js";
import type { PluginOption } from "../settings/types.js";
import { builtinClashes } from "./evidence/manifest-hazards.js";
import { explain, explainWords } from "./explain/explain.js";
import type { ExplainContext } from "./explain/explanation.js";
import { endOf, findingsOf } from "./findings.js";
import { analyze, type OfflineRun } from "./offline-run.js";

export interface CheckOptions {
  /** The plugin's path, as the user named it. */
  readonly path: string;
  readonly options: readonly PluginOption[];
  /** The node that the plugin is told of: one that may be harmed. */
  readonly node: NodePlace;
  /** How long each step of the handshake may take, in ms; 10 s when not given. */
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
  /** No finding is an error. */
  readonly ok: boolean;
  readonly findings: readonly CheckFinding[];
  /** What the plugin itself said, where it failed. */
  readonly told: readonly Finding[];
  /** Undefined where the file cannot be run. */
  readonly handshake: Handshake | undefined;
}

const TIMEOUT_MS = 10_000;
/** A plugin that ends right after its init has no loop. */
const LINGER_MS = 300;
/** Each reload waits for the manifest. */
const SLOW_MS = 2_000;

/** @throws Failure (exit code 2): the path leads to no plugin, or an option cannot be passed on */
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
  const findings = [...ended, ...manifest, ...timeFindings(handshake)];
  const told = ended.length > 0 ? findingsOf(ran) : [];
  return resultOf(options.path, findings, told, handshake);
}

function resultOf(
  path: string,
  findings: readonly CheckFinding[],
  told: readonly Finding[],
  handshake: Handshake | undefined,
): CheckResult {
  const ok = findings.every(({ severity }) => severity !== "error");
  return { path, ok, findings, told, handshake };
}

function handshakeOptions(options: CheckOptions): HandshakeOptions {
  return {
    ...options.node,
    upTo: "init",
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
    lingerMs: LINGER_MS,
    // A plugin may be meant to be started with the node: that is a warning only.
    mustBeDynamic: false,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
}

/** Some values cannot be written without knowing the option's type: the manifest is asked for first. */
async function rawOptions(file: PluginFile, options: CheckOptions): Promise<readonly RawOption[]> {
  if (!needsDeclaration(options.options)) return encodeStartOptions(options.options);
  const asked = { ...handshakeOptions(options), upTo: "getmanifest" } as const;
  const { manifest } = await runHandshake(file, asked);
  const shapes = manifest?.options.map(({ name, type, multi }) => [name, { type, multi }] as const);
  return encodeStartOptions(options.options, shapes && new Map(shapes));
}

/** How the handshake ended, unless a finding in the manifest says so already. */
function endFindings(
  ran: OfflineRun,
  context: ExplainContext,
  manifest: readonly CheckFinding[],
): CheckFinding[] {
  const { handshake, stray } = ran;
  const { end, words } = handshake;
  if (end.kind === "passed" && stray.length === 0) return [];
  if (manifest.some(({ message }) => message === words)) return [];
  if (end.kind === "passed") {
    // It came so late that the handshake was over; the next message would have been lost.
    return [ofWords("stdout", `Failed to parse RPC JSON response '${stray[0]?.text}'`, context)];
  }
  const explanation = explain(handshake, context);
  const field = end.kind === "garbage" ? "stdout" : "handshake";
  const message = words ?? endOf(handshake);
  const { reason, fix } = explanation ?? { reason: undefined, fix: undefined };
  return [{ severity: "error", field, message, reason, fix }];
}

function ofWords(field: string, message: string, context: ExplainContext): CheckFinding {
  const { reason, fix } = explainWords(message, context) ?? { reason: undefined, fix: undefined };
  return { severity: "error", field, message, reason, fix };
}

function manifestFindings(handshake: Handshake, context: ExplainContext): CheckFinding[] {
  const text = handshake.manifestText;
  if (text === undefined) return [];
  const methods = builtinClashes(text, [...NATIVE_METHODS]);
  const options = handshake.manifest?.options.filter(({ name }) => NATIVE_OPTIONS.has(name)) ?? [];
  return [
    ...lintManifest(text).map((finding) => withReason(finding, context)),
    ...methods.map(crashes),
    ...options.map(({ name }) =>
      ofWords("options", `Option "${name}" already registered`, context),
    ),
  ];
}

function crashes(name: string): CheckFinding {
  return {
    severity: "error",
    field: "rpcmethods",
    message: `lightningd has a method ${name} itself`,
    reason: "a node that is told to start this plugin crashes",
    fix: "Give the method another name, such as one that begins with the plugin's own",
  };
}

function withReason(finding: LintFinding, context: ExplainContext): CheckFinding {
  const { severity, field, message } = finding;
  const known = severity === "error" ? explainWords(message, context) : undefined;
  return { severity, field, message, reason: known?.reason, fix: finding.fix ?? known?.fix };
}

function timeFindings({ manifestMs }: Handshake): CheckFinding[] {
  if (manifestMs === undefined || manifestMs < SLOW_MS) return [];
  const message = `the manifest took ${(manifestMs / 1000).toFixed(1)} s, and each reload waits for it`;
  const fix = "Load what is slow after init, or only where it is needed";
  return [{ severity: "warning", field: "time", message, reason: undefined, fix }];
}
