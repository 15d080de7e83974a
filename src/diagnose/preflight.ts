/**
 * Checks a new version before the old one is stopped (`--safe`): it must pass the handshake
 * offline, and must not be one that crashes the node.
 */
import type { Finding } from "../events/watch-events.js";
import { isObject, stringOf } from "../jsonrpc/json.js";
import { callNode } from "../node/rpc/client.js";
import { isVersionBetween } from "../node/version.js";
import type { PluginFile } from "../plugin/file/plugin-file.js";
import type { Handshake } from "../plugin/handshake/handshake.js";
import type { RawOption } from "../plugin/handshake/init-params.js";
import { NATIVE_METHODS } from "../plugin/release.js";
import {
  builtinClashes,
  giantLog,
  hasEmptyOptionName,
  moreNativeMethods,
  unicodeUsages,
} from "./evidence/manifest-hazards.js";
import { explain } from "./explain/explain.js";
import type { Explanation, RuleContext } from "./explain/explanation.js";
import { nodeCrash } from "./explain/node-crashes.js";
import { endOf, findingsOf } from "./findings.js";
import { type NodeToImitate, nodeHandshake } from "./node-handshake.js";
import { type OfflineRun, runPluginOffline } from "./offline-run.js";

export interface PreflightOptions {
  readonly file: PluginFile;
  /** The options of the start. */
  readonly options: readonly RawOption[];
  readonly node: NodeToImitate;
  /** The node's version, as in `getinfo`. */
  readonly version?: string;
  /**
   * Whether the previous version is running: the new one cannot have what it holds, such as a port.
   */
  readonly running: boolean;
  /** How long each step of the handshake may take, in ms. Default: 20 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export type Preflight =
  | {
      readonly ok: true;
      readonly handshake: Handshake;
      /** What could not be tried, if anything. */
      readonly note: string | undefined;
    }
  | {
      readonly ok: false;
      readonly handshake: Handshake;
      /** Whether the node would crash. */
      readonly crashes: boolean;
      /** What the node would have reported, or what would have happened to it. */
      readonly message: string;
      readonly explanation: Explanation | undefined;
      readonly findings: readonly Finding[];
    };

const TIMEOUT_MS = 20_000;
/** How long a plugin must run after its init, in ms: one that ends right away is broken as well. */
const ALIVE_FOR_MS = 100;
const ASK_TIMEOUT_MS = 5_000;
/** For a fault that every later release has. */
const NEWEST = "v99.12";

/** Runs the new version once, offline, and checks it against the node. Never rejects. */
export async function preflight(options: PreflightOptions): Promise<Preflight> {
  const { file, node, signal } = options;
  const ran = await runPluginOffline(file, {
    ...node,
    ...(await nodeHandshake(node)),
    options: options.options,
    until: "init",
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
    aliveForMs: ALIVE_FOR_MS,
    ...(options.version === undefined ? {} : { version: options.version }),
    ...(signal === undefined ? {} : { signal }),
  });
  const facts: RuleContext = {
    path: file.realPath,
    file,
    language: file.language,
    options: options.options,
    offline: ran,
    message: "",
    groups: [],
  };
  const crash = await findNodeCrash(facts, options);
  if (crash !== undefined) {
    const message = "lightningd would crash";
    const { handshake } = ran;
    return { ok: false, crashes: true, handshake, message, explanation: crash, findings: [] };
  }
  const passed = ran.handshake.end.kind === "passed" || isOldUsage(ran.handshake, options.version);
  const note = passed ? undefined : blockedByRunning(ran, options.running);
  if (passed || note !== undefined) return { ok: true, handshake: ran.handshake, note };
  return {
    ok: false,
    crashes: false,
    handshake: ran.handshake,
    message: ran.handshake.nodeMessage ?? endOf(ran.handshake),
    explanation: explain(ran.handshake, facts),
    findings: findingsOf(ran, "Run offline, before it is started", false),
  };
}

/**
 * A \u escape in `usage`: the rules of the offline run refuse it, releases before v25.12 accept it.
 */
function isOldUsage({ nodeMessage }: Handshake, version: string | undefined): boolean {
  const isUsage = /holds a \\u escape/.test(nodeMessage ?? "");
  return isUsage && version !== undefined && !isVersionBetween(version, "v25.12", NEWEST);
}

/**
 * If init fails only because the previous version is running, that says nothing about the new one.
 */
function blockedByRunning({ handshake, trace }: OfflineRun, running: boolean): string | undefined {
  const { end } = handshake;
  const inInit = end.kind === "init-error" || (end.kind === "exited" && end.phase === "init");
  if (!running || !inInit) return undefined;
  const said = `${trace?.error ?? ""}\n${handshake.stderr}\n${JSON.stringify(end)}`;
  if (
    !/EADDRINUSE|address already in use|database is locked|resource temporarily unavailable|already (running|locked)/i.test(
      said,
    )
  ) {
    return undefined;
  }
  return "its init could not be tried, because the running version holds what it needs";
}

/** A mistake in a manifest that crashes the node, if there is one. */
export async function findNodeCrash(
  facts: RuleContext,
  { node, options, version }: PreflightOptions,
): Promise<Explanation | undefined> {
  const text = facts.offline?.handshake.manifestText;
  if (unicodeUsages(text).length > 0 && isVersionBetween(version ?? "", "v25.12", NEWEST)) {
    return nodeCrash("kills-node-unicode-usage", facts);
  }
  if (hasEmptyOptionName(text)) return nodeCrash("kills-node-empty-option", facts);
  const natives = [...NATIVE_METHODS, ...moreNativeMethods(version)];
  if (builtinClashes(text, natives).length > 0) {
    return nodeCrash("kills-node-builtin-method", { ...facts, methods: natives });
  }
  if (
    giantLog(facts.offline?.handshake) !== undefined &&
    isVersionBetween(version ?? "", "v26.04", "v26.06.6")
  ) {
    return nodeCrash("kills-node-giant-log", facts);
  }
  // Only a start with options walks the values that crash it.
  if (options.length === 0 || !isVersionBetween(version ?? "", "v23.08", "v26.06.6")) {
    return undefined;
  }
  const dropped = await droppedOptions(facts, node.rpcFile);
  return dropped.length === 0 ? undefined : staleOption(dropped);
}

interface DroppedOption {
  readonly name: string;
  /** Where it is set: `/path/config:5`, `cmdline`, `setconfig transient`. */
  readonly source: string;
}

/** Options of the running version that are set in the config and that the new version lacks. */
async function droppedOptions(facts: RuleContext, rpcFile: string): Promise<DroppedOption[]> {
  const manifest = facts.offline?.handshake.manifest;
  const listed: unknown = await callNode(rpcFile, "listconfigs", {}, { timeoutMs: ASK_TIMEOUT_MS })
    // Without an answer there is no reason to refuse.
    .catch(() => undefined);
  if (manifest === undefined || !isObject(listed) || !isObject(listed.configs)) return [];
  const declared = manifest.options.map(({ name }) => name);
  return Object.entries(listed.configs).flatMap(([name, config]) => {
    if (!isObject(config) || config.plugin !== facts.path || declared.includes(name)) return [];
    const sources: unknown[] = Array.isArray(config.sources) ? config.sources : [config.source];
    const source = sources.map(stringOf).find((one) => one && !/^(default|pluginstart)$/.test(one));
    return source === undefined ? [] : [{ name, source }];
  });
}

function staleOption(dropped: readonly DroppedOption[]): Explanation {
  const named = dropped.map(({ name, source }) => `${name} (set in ${source})`).join(", ");
  return {
    id: "kills-node-stale-option",
    reason: `the new version no longer declares ${named}; releases from v23.08 to v26.06.6 then crash at a start with options`,
    fix: "Keep the option in the manifest, or remove its value from the node's config and restart the node",
  };
}
