/**
 * What an embedded node starts with: its directories, and every option from its config files and
 * from the caller, which overrides them. Used by node.ts.
 */
import { existsSync, mkdirSync, mkdtempSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { usageFailure } from "../errors/failure.js";
import { refuseForeign } from "../filesystem/owned-file.js";
import { LOG_LEVELS, type LogLevel, parseLogLevel } from "../plugin/log-level.js";
import { NETWORKS } from "../settings/locate/networks.js";
import { type ConfigEntry, readConfigFile } from "./state/config-file.js";
import type { ConfigSource } from "./state/config-vars.js";

export interface ConfigOption {
  readonly name: string;
  readonly value: string | undefined;
  readonly source: ConfigSource;
}

export interface EmbeddedSettings {
  readonly lightningDir: string;
  readonly isTemporary: boolean;
  readonly network: string;
  readonly networkDir: string;
  readonly rpcFile: string;
  readonly logFile: string;
  readonly logLevel: LogLevel;
  readonly pidFile: string;
  /** Absolute, or relative to the network directory. */
  readonly plugins: readonly string[];
  readonly pluginDirs: readonly string[];
  readonly disabledPlugins: readonly string[];
  readonly alias: string | undefined;
  readonly color: string | undefined;
  /** All of it again, as `listconfigs` shows it. */
  readonly given: readonly ConfigOption[];
}

export interface EmbeddedSettingsInput {
  readonly lightningDir?: string;
  readonly network?: string;
  readonly logLevel?: LogLevel;
  readonly plugins?: readonly string[];
  /** Further options, each as `name` or `name=value`, as lightningd's command line takes them. */
  readonly options?: readonly string[];
}

/** How the folders of nodes begin that have not been given one. */
const TEMPORARY_PREFIX = "cln-dev-node-";

/**
 * Settles everything, and makes the directories.
 * @throws Failure for settings that make no sense, or a directory that holds a real node
 */
export function settleSettings(input: EmbeddedSettingsInput): EmbeddedSettings {
  const isTemporary = input.lightningDir === undefined;
  const lightningDir =
    input.lightningDir === undefined
      ? mkdtempSync(join(realpathSync(tmpdir()), TEMPORARY_PREFIX))
      : resolve(input.lightningDir);
  refuseForeign(lightningDir);
  const base = readConfigFile(join(lightningDir, "config"));
  const network = input.network ?? networkIn(base) ?? "regtest";
  if (!NETWORKS.includes(network)) {
    throw usageFailure(`the embedded node has no network ${network}`, {
      fix: `use one of ${NETWORKS.join(", ")}`,
    });
  }
  const networkDir = join(lightningDir, network);
  refuseForeign(networkDir);
  refuseRealNode(networkDir);
  makeDirectories(lightningDir, networkDir, network);
  const files = [...base, ...readConfigFile(join(networkDir, "config"))];
  const given = [...files.map(fromFile), ...fromCaller(input, lightningDir, network)];
  const last = (name: string) => given.findLast((option) => option.name === name)?.value?.trimEnd();
  const all = (name: string) =>
    given.flatMap((option) =>
      option.name === name && option.value ? [option.value.trimEnd()] : [],
    );
  const logFile = resolve(networkDir, all("log-file")[0] ?? "log");
  if (all("log-file").length === 0) given.push(fromCommandLine("log-file", "log"));
  if (last("log-level") === undefined) given.push(fromCommandLine("log-level", "debug"));
  return {
    lightningDir,
    isTemporary,
    network,
    networkDir,
    rpcFile: resolve(networkDir, last("rpc-file") ?? "lightning-rpc"),
    logFile,
    logLevel: readLogLevel(last("log-level") ?? "debug"),
    pidFile: resolve(lightningDir, last("pid-file") ?? `lightningd-${network}.pid`),
    plugins: [...all("plugin"), ...all("important-plugin")],
    pluginDirs: all("plugin-dir"),
    disabledPlugins: all("disable-plugin"),
    alias: last("alias"),
    color: last("rgb"),
    given,
  };
}

function networkIn(lines: readonly ConfigEntry[]): string | undefined {
  const line = lines.findLast(
    ({ name, value }) => name === "network" || (value === undefined && NETWORKS.includes(name)),
  );
  return line?.name === "network" ? line.value?.trimEnd() : line?.name;
}

/** Our files have no business beside a node's wallet, and its socket is not ours to replace. */
function refuseRealNode(networkDir: string): void {
  if (!existsSync(join(networkDir, "lightningd.sqlite3"))) return;
  throw usageFailure(`cannot start an embedded node in ${networkDir}`, {
    why: "it holds the wallet of a real lightningd",
    fix: "name another directory with --lightning-dir",
  });
}

/** A new directory gets a config that names its network, so that --lightning-dir alone finds the node. */
function makeDirectories(lightningDir: string, networkDir: string, network: string): void {
  const made = mkdirSync(networkDir, { recursive: true, mode: 0o700 });
  const config = join(lightningDir, "config");
  if (made !== undefined && !existsSync(config)) writeFileSync(config, `network=${network}\n`);
}

function fromFile({ name, value, path, line }: ConfigEntry): ConfigOption {
  return { name, value, source: { kind: "file", path, line } };
}

function fromCommandLine(name: string, value: string | undefined): ConfigOption {
  return { name, value, source: { kind: "cmdline" } };
}

function fromCaller(
  input: EmbeddedSettingsInput,
  lightningDir: string,
  network: string,
): ConfigOption[] {
  const options = (input.options ?? []).map((option) => {
    const equals = option.indexOf("=");
    return equals < 0
      ? fromCommandLine(option, undefined)
      : fromCommandLine(option.slice(0, equals), option.slice(equals + 1));
  });
  return [
    fromCommandLine("lightning-dir", lightningDir),
    ...(input.network === undefined ? [] : [fromCommandLine("network", network)]),
    ...(input.logLevel === undefined ? [] : [fromCommandLine("log-level", input.logLevel)]),
    ...(input.plugins ?? []).map((path) => fromCommandLine("plugin", path)),
    ...options,
  ];
}

function readLogLevel(value: string): LogLevel {
  const level = parseLogLevel(value.replace(/:.*/, ""));
  if (level !== undefined) return level;
  throw usageFailure(`the embedded node has no log level ${value}`, {
    fix: `use one of ${LOG_LEVELS.join(", ")}`,
  });
}
