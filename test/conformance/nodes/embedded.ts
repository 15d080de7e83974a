/** Starts our own node for the suite, in this process. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EMBEDDED_VERSION, runEmbeddedNode } from "../../../src/embedded/node.js";
import type { NodeStart, RunningNode } from "./node-kind.js";

export async function startEmbedded(start: NodeStart = {}): Promise<RunningNode> {
  const lightningDir = mkdtempSync(join(realpathSync(tmpdir()), "cln-conf-e-"));
  writeConfigs(lightningDir, start);
  const { pluginTimeoutMs, shutdownTimeoutMs } = start;
  let stderr = "";
  const removeFolder = () => rmSync(lightningDir, { recursive: true, force: true });
  const node = await runEmbeddedNode({
    lightningDir,
    plugins: start.plugins ?? [],
    ...(pluginTimeoutMs === undefined ? {} : { pluginTimeoutMs }),
    ...(shutdownTimeoutMs === undefined ? {} : { shutdownTimeoutMs }),
    onPluginStderr: (_, chunk) => {
      stderr += chunk.toString("utf8");
    },
  }).catch((error: unknown) => {
    removeFolder();
    throw error;
  });
  let ended = false;
  void node.closed.then(() => {
    ended = true;
  });
  return {
    kind: "embedded",
    version: EMBEDDED_VERSION,
    lightningDir,
    networkDir: node.networkDir,
    rpcFile: node.rpcFile,
    logFile: node.logFile,
    ownPluginFolders: [],
    stderr: () => stderr,
    hasEnded: () => ended,
    end: async () => {
      await node.close();
      removeFolder();
    },
  };
}

/** Makes the two folders of a node with their config files. */
export function writeConfigs(lightningDir: string, start: NodeStart): void {
  const networkDir = join(lightningDir, "regtest");
  mkdirSync(networkDir, { mode: 0o700 });
  writeFileSync(join(lightningDir, "config"), configText(start.config ?? []));
  if (start.networkConfig === undefined || start.networkConfig.length === 0) return;
  writeFileSync(join(networkDir, "config"), `${start.networkConfig.join("\n")}\n`);
}

export function configText(lines: readonly string[]): string {
  return ["network=regtest", ...lines].map((line) => `${line}\n`).join("");
}
