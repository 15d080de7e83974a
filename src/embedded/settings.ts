/**
 * The settings of an embedded node: its directories, and every option from its config files and
 * the caller. The caller's options take precedence. Used by node.ts.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { usageFailure } from "../errors/failure.js";
import { refuseForeign } from "../filesystem/owned-file.js";
import { makeTemporaryFolder } from "../filesystem/temporary-folder.js";
import { LOG_LEVELS, type LogLevel, parseLogLevel } from "../plugin/log-level.js";
import { readOptionalConfig } from "../settings/locate/config-file.js";
import { NETWORKS } from "../settings/locate/networks.js";
import type { NodeOptions } from "./api.js";
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
  /** Every given option, including those above, for `listconfigs`. */
  readonly given: readonly ConfigOption[];
}

/** The name prefix of temporary node folders. */
const TEMPORARY_PREFIX = "cln-dev-node-";

/**
 * Resolves all settings and creates the directories.
 * @throws Failure if a setting is invalid, or a directory holds a real node or belongs to another
 *   user
 */
export function settleSettings(input: NodeOptions): EmbeddedSettings {
  const isTemporary = input.lightningDir === undefined;
  const lightningDir =
    input.lightningDir === undefined
      ? makeTemporaryFolder(TEMPORARY_PREFIX)
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
  // This node survives the end of any plugin, so `listconfigs` shows important plugins as plain.
  const given = [...files, ...fromCaller(input, lightningDir, network)].map((option) =>
    option.name === "important-plugin" ? { ...option, name: "plugin" } : option,
  );
  const valuesOf = (name: string) => given.filter((option) => option.name === name);
  const last = (name: string) => valuesOf(name).at(-1)?.value?.trimEnd();
  const all = (name: string) =>
    valuesOf(name).flatMap(({ value }) => (value ? [value.trimEnd()] : []));
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
    plugins: all("plugin"),
    pluginDirs: all("plugin-dir"),
    disabledPlugins: all("disable-plugin"),
    alias: last("alias"),
    color: last("rgb"),
    given,
  };
}

/**
 * Reads a config. Keeps unknown options: their plugin may start later.
 * @returns the lines in order, with included files expanded; empty if there is no file
 * @throws Failure if a file cannot be read or belongs to another user
 */
function readConfigFile(path: string): ConfigOption[] {
  refuseForeign(path);
  const read = readOptionalConfig(path);
  if ("lines" in read) {
    return read.lines.map(({ name, value, file, line }) => ({
      name,
      value,
      source: { kind: "file", path: file, line },
    }));
  }
  if (read.unreadable === undefined) return [];
  throw usageFailure(`cannot read the config ${path}`, { why: read.unreadable });
}

function networkIn(lines: readonly ConfigOption[]): string | undefined {
  const line = lines.findLast(
    ({ name, value }) => name === "network" || (value === undefined && NETWORKS.includes(name)),
  );
  return line?.name === "network" ? line.value : line?.name;
}

/**
 * Refuses the directory of a real node: our files do not belong beside its wallet, and we must not
 * replace its socket.
 */
function refuseRealNode(networkDir: string): void {
  if (!existsSync(join(networkDir, "lightningd.sqlite3"))) return;
  throw usageFailure(`cannot start an embedded node in ${networkDir}`, {
    why: "it holds the wallet of a real lightningd",
    fix: "name another directory with --lightning-dir",
  });
}

/**
 * Creates the directories. A new one gets a config that names its network, so that --lightning-dir
 * alone is enough to find the node.
 */
function makeDirectories(lightningDir: string, networkDir: string, network: string): void {
  const made = mkdirSync(networkDir, { recursive: true, mode: 0o700 });
  const config = join(lightningDir, "config");
  if (made !== undefined && !existsSync(config)) writeFileSync(config, `network=${network}\n`);
}

function fromCommandLine(name: string, value: string | undefined): ConfigOption {
  return { name, value, source: { kind: "cmdline" } };
}

function fromCaller(input: NodeOptions, lightningDir: string, network: string): ConfigOption[] {
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
