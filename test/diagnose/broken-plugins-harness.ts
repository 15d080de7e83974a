/** Starts each broken plugin of the table on a node, and looks whether its developer is told all. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import pc from "picocolors";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { renderFindings } from "../../src/cli/report/findings-lines.js";
import { diagnoseCall, diagnoseDeath } from "../../src/diagnose/failures/death.js";
import { diagnoseInit } from "../../src/diagnose/failures/init.js";
import { diagnoseFailedStart, type ExplainedFailure } from "../../src/diagnose/failures/start.js";
import { Failure } from "../../src/errors/failure.js";
import { listPlugins, startPlugin, stopPlugin } from "../../src/node/plugins/plugin-command.js";
import { callNode } from "../../src/node/rpc/client.js";
import { NodeUnreachable, RpcError } from "../../src/node/rpc/errors.js";
import { isVersionBetween } from "../../src/node/version.js";
import { inspectPluginFile, type PluginFile } from "../../src/plugin/file/plugin-file.js";
import { findProgram } from "../../src/plugin/file/shebang.js";
import { runHandshake } from "../../src/plugin/handshake/run-handshake.js";
import { findPython } from "../conformance/harness/python.js";
import { BROKEN } from "./broken/all.js";
import type { BrokenPlugin } from "./broken/plugins.js";

/** For the ones that hang: long enough to get as far as that on a busy machine. */
const HANGS_MS = 900;
const python = findPython();

interface Place {
  readonly rpcFile: string;
  readonly networkDir: string;
  readonly lightningDir: string;
  readonly network: string;
}

let folder: string;
const saved = { PATH: process.env.PATH, PYTHONUNBUFFERED: process.env.PYTHONUNBUFFERED };

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "cln-dev-broken-")));
  delete process.env.PYTHONUNBUFFERED;
  if (python !== undefined) process.env.PATH = `${quickPython(python)}${delimiter}${saved.PATH}`;
});
afterAll(() => {
  for (const [name, value] of Object.entries(saved)) {
    if (value !== undefined) process.env[name] = value;
  }
  rmSync(folder, { recursive: true, force: true });
});

/**
 * Version managers put a slow script before the real interpreter, and what is installed beside it
 * may take longer to load than it takes itself. @returns a folder with one that does without both
 */
function quickPython(real: string): string {
  const bin = mkdtempSync(join(folder, "bin-"));
  writeFileSync(join(bin, "python3"), `#!/bin/sh\nexec '${real}' -S "$@"\n`, { mode: 0o755 });
  return bin;
}

/** Writes the plugin's files into a folder of its own. @returns the plugin's path */
function write(broken: BrokenPlugin): string {
  const own = mkdtempSync(join(folder, "p-"));
  mkdirSync(own, { recursive: true });
  for (const [name, text] of Object.entries(broken.beside ?? {}))
    writeFileSync(join(own, name), text);
  const source = join(own, broken.name);
  writeFileSync(source, broken.text);
  if (broken.needs === "gcc") {
    execFileSync("gcc", ["-g", "-o", join(own, "p"), broken.name], { cwd: own });
    return join(own, "p");
  }
  chmodSync(source, broken.mode ?? 0o755);
  return source;
}

interface NodeOfPlugins {
  readonly place: Place;
  end(): Promise<void>;
}

export interface KindOfNode {
  readonly name: string;
  /** @param timeoutMs for a plugin, if it can be told */
  readonly start: (timeoutMs: number | undefined) => Promise<NodeOfPlugins>;
  /** The release of lightningd that it is, or that it follows. */
  readonly version: string;
  /** Whether plugins that hang can be started on it. */
  readonly waitsShortly: boolean;
}

interface Told {
  readonly rule: string | undefined;
  readonly text: string;
}

/** All that a developer is told of the plugin. */
async function reportOn(
  broken: BrokenPlugin,
  node: Place,
  timeoutMs: number | undefined,
): Promise<Told> {
  const plugin = write(broken);
  const options = broken.options ?? [];
  let file: PluginFile;
  try {
    file = await inspectPluginFile(plugin);
  } catch (error) {
    if (error instanceof Failure) {
      return { rule: undefined, text: [error.what, error.why, error.fix].join("\n") };
    }
    throw error;
  }
  const since = new Date();
  const patience = timeoutMs === undefined ? {} : { timeoutMs };
  const dead = { file, options, node, since, ...patience };
  try {
    await startPlugin(node.rpcFile, file.realPath, options);
  } catch (error) {
    if (!(error instanceof RpcError || error instanceof NodeUnreachable)) throw error;
    return textOf(error, await diagnoseFailedStart(error, dead));
  }
  if (broken.initError) {
    // The node takes the error for an answer, and does not show it: the handshake does.
    await stopPlugin(node.rpcFile, file.realPath);
    const shaken = await runHandshake(file, { ...node, options, until: "init", timeoutMs: 5000 });
    const error = shaken.end.kind === "init-error" ? shaken.end.error : {};
    const said = new RpcError("init", Number(error.code), String(error.message));
    const logged = shaken.logged.map(({ message }) => message).join("\n");
    return textOf(
      said,
      diagnoseInit({ ...dead, stderrMark: undefined, error, logged, stderr: undefined }),
    );
  }
  if (broken.diesLater) {
    await vi.waitFor(async () => {
      const names = (await listPlugins(node.rpcFile)).map(({ name }) => name);
      expect(names).not.toContain(file.realPath);
    }, 5000);
    return textOf(undefined, await diagnoseDeath(dead));
  }
  const call = { method: broken.call ?? "help", params: [] };
  const error: unknown = await callNode(node.rpcFile, call.method, call.params).catch((e) => e);
  if (!(error instanceof RpcError)) throw new Error(`${broken.what}: it works`);
  return textOf(error, await diagnoseCall(error, dead, call));
}

function textOf(error: Error | undefined, { explanation, findings }: ExplainedFailure): Told {
  const head = error instanceof RpcError ? `(${error.code}) ${error.message}` : error?.message;
  const why = explanation && [explanation.reason, explanation.fix];
  const lines = renderFindings(findings, pc.createColors(false), "  ");
  return { rule: explanation?.id, text: [head, ...(why ?? []), ...lines].join("\n") };
}

function canRun(broken: BrokenPlugin): boolean {
  if (broken.needs === "gcc") return findProgram("gcc") !== undefined;
  return !broken.name.endsWith(".py") || python !== undefined;
}

function isRefusedBy(version: string, { since }: BrokenPlugin): boolean {
  return since === undefined || isVersionBetween(version, since, "v99.12");
}

/** Defines a test for each plugin of the table that can be started on such a node. */
export function testBrokenPlugins({ name, version, start, waitsShortly }: KindOfNode): void {
  const groups = [{ title: name, hang: false }];
  if (waitsShortly) groups.push({ title: `${name}, which waits for it in vain`, hang: true });
  describe.each(groups)("a broken plugin on $title", ({ hang }) => {
    const timeoutMs = hang ? HANGS_MS : undefined;
    let node: NodeOfPlugins;
    beforeAll(async () => {
      node = await start(timeoutMs);
    });
    afterAll(() => node.end());

    for (const broken of BROKEN.filter(({ hangs = false }) => hangs === hang)) {
      test.runIf(canRun(broken) && isRefusedBy(version, broken))(broken.what, async () => {
        const report = await reportOn(broken, node.place, timeoutMs);
        const isOld = isVersionBetween(version, "v23.08", "v25.09.99");
        const { rule, says } = (isOld ? broken.old : undefined) ?? broken;
        for (const words of says) expect(report.text).toMatch(words);
        expect(report.rule).toBe(rule);
      });
    }
  });
}
