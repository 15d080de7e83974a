/**
 * Decides which nodes a command talks to: flags, then package.json, then lightning-cli's defaults.
 * Used by every command.
 */
import { usageFailure } from "../errors/failure.js";
import { checkNetworkFlag, lightningDirOf, locateAddress } from "./locate/locate-node.js";
import { findSettingsKey, type SettingsKey } from "./project/package-json.js";
import { type ProjectNode, projectNode } from "./project/schema.js";
import type { NodeAddress, NodeFlags, NodeSettings, Surroundings } from "./types.js";

/**
 * Returns the nodes a command talks to. Reads package.json only if the command line does not name
 * the node, and no plugin settings from it.
 * @throws Failure (exit code 2) for wrong flags, lightningd configs or settings
 */
export function resolveNodes(flags: NodeFlags, surroundings: Surroundings): NodeSettings {
  if (namesNode(flags)) return fromCommandLine(flags, surroundings);
  return resolveNodesWith(findSettingsKey(surroundings.cwd), flags, surroundings);
}

/** Like {@link resolveNodes}, with a package.json that has already been read. */
export function resolveNodesWith(
  key: SettingsKey | undefined,
  flags: NodeFlags,
  surroundings: Surroundings,
): NodeSettings {
  if (namesNode(flags) || key === undefined) return fromCommandLine(flags, surroundings);
  const project = projectNode(key, surroundings.home);
  if (flags.embedded === true) {
    return fromCommandLine(
      { ...flags, lightningDir: project.embedded ? project.lightningDir : [] },
      surroundings,
    );
  }
  const nodesFrom = saysNothing(project) ? fromFlags(flags) : "package.json";
  if (project.embedded && flags.network === undefined && flags.rpcFile === undefined) {
    return { nodes: [], embedded: embeddedIn(project.lightningDir, project.network), nodesFrom };
  }
  const merged = {
    lightningDir: project.embedded ? [] : project.lightningDir,
    network: flags.network ?? project.network,
    networkNamedBy: flags.network === undefined ? ("package.json" as const) : undefined,
    rpcFile: flags.rpcFile ?? project.rpcFile,
    conf: project.conf,
  };
  return { nodes: addresses(merged, surroundings), nodesFrom };
}

/** Whether the command line names the node: the one in package.json is then not used. */
export function namesNode(flags: NodeFlags): boolean {
  return (
    flags.lightningDir.length > 0 ||
    flags.conf !== undefined ||
    flags.rpcFile?.startsWith("/") === true
  );
}

function fromCommandLine(flags: NodeFlags, surroundings: Surroundings): NodeSettings {
  if (flags.embedded !== true) {
    return { nodes: addresses(flags, surroundings), nodesFrom: fromFlags(flags) };
  }
  if (flags.conf !== undefined || flags.rpcFile !== undefined) {
    const flag = flags.conf === undefined ? "--rpc-file" : "--conf";
    throw usageFailure(`${flag} cannot be used with --embedded`, {
      why: "the embedded node has its own lightning-dir, config and socket",
      fix: `Leave out ${flag} or --embedded`,
    });
  }
  const dirs = flags.lightningDir.map((dir) => lightningDirOf(dir, surroundings));
  return {
    nodes: [],
    embedded: embeddedIn(dirs, flags.network),
    nodesFrom: "command line",
  };
}

function embeddedIn(
  dirs: readonly string[],
  network: string | undefined,
): NonNullable<NodeSettings["embedded"]> {
  if (dirs.length > 1) {
    throw usageFailure("one embedded node cannot have several lightning-dirs", {
      fix: "Name one lightning-dir, or none",
    });
  }
  const name = network === undefined ? "regtest" : checkNetworkFlag(network);
  return { lightningDir: dirs[0], network: name };
}

type Choice = Omit<NodeFlags, "embedded"> & {
  readonly networkNamedBy?: "command line" | "package.json" | undefined;
};

/** Returns a node for each lightning-dir. A socket named twice counts once. */
function addresses(choice: Choice, surroundings: Surroundings): NodeAddress[] {
  const dirs = choice.lightningDir.length === 0 ? [undefined] : choice.lightningDir;
  if (dirs.length > 1 && choice.rpcFile?.startsWith("/")) {
    throw usageFailure(`--rpc-file=${choice.rpcFile} cannot be used with several --lightning-dir`, {
      why: "an absolute rpc-file is the same socket for all of them",
      fix: "Leave out --rpc-file, or make it relative to each network's folder",
    });
  }
  const nodes = dirs.map((dir) => locateAddress({ ...choice, lightningDir: dir }, surroundings));
  return [...new Map(nodes.map((node) => [node.rpcFile, node])).values()];
}

function fromFlags(flags: NodeFlags): NodeSettings["nodesFrom"] {
  const named = namesNode(flags) || flags.network !== undefined || flags.rpcFile !== undefined;
  return named || flags.embedded === true ? "command line" : "default";
}

function saysNothing(project: ProjectNode): boolean {
  const { lightningDir, network, rpcFile, conf, embedded } = project;
  const named = network ?? rpcFile ?? conf;
  return lightningDir.length === 0 && named === undefined && !embedded;
}
