import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import pc from "picocolors";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { diagnoseCall, diagnoseDeath } from "../../src/diagnose/diagnose-death.js";
import { diagnoseInit } from "../../src/diagnose/diagnose-init.js";
import { type Diagnosis, diagnoseFailedStart } from "../../src/diagnose/diagnose-start.js";
import { startEmbeddedNode } from "../../src/embedded/node.js";
import { Failure } from "../../src/failure.js";
import { callNode } from "../../src/node/client.js";
import { NodeUnreachable, RpcError } from "../../src/node/errors.js";
import { readInitErrors } from "../../src/node/init-reply.js";
import { listPlugins, startPlugin, stopPlugin } from "../../src/node/plugin-command.js";
import { inspectPluginFile, type PluginFile } from "../../src/plugin/plugin-file.js";
import { findProgram } from "../../src/plugin/shebang.js";
import { renderFindings } from "../../src/report/post-mortem.js";
import { installed } from "../conformance/nodes/installed.js";
import { startLightningd } from "../conformance/nodes/lightningd.js";
import { BROKEN, type BrokenPlugin } from "./broken-plugins.js";

/** Long enough for a plugin on a busy machine, short enough for the ones that hang. */
const TIMEOUT_MS = 900;
const python = findProgram("python3");

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
  // Version managers put a slow script before the real interpreter.
  const real =
    python &&
    execFileSync(python, ["-c", "import sys; print(sys.executable)"], { encoding: "utf8" });
  if (real) process.env.PATH = `${dirname(real.trim())}${delimiter}${saved.PATH}`;
});
afterAll(() => {
  for (const [name, value] of Object.entries(saved)) {
    if (value !== undefined) process.env[name] = value;
  }
  rmSync(folder, { recursive: true, force: true });
});

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

interface StartedNode {
  readonly place: Place;
  end(): Promise<void>;
}

async function startEmbedded(): Promise<StartedNode> {
  const lightningDir = join(folder, "l1");
  const node = await startEmbeddedNode({ lightningDir, pluginTimeoutMs: TIMEOUT_MS });
  return { place: { ...node, network: "regtest" }, end: () => node.close() };
}

/** It waits 120 s for a plugin that hangs: those are left to the embedded node. */
const REAL = {
  name: "a real lightningd",
  start: async (): Promise<StartedNode> => {
    const node = await startLightningd();
    return { place: { ...node, network: "regtest" }, end: () => node.end() };
  },
  takes: (broken: BrokenPlugin) => !broken.hangs,
};

interface Told {
  readonly row: string | undefined;
  readonly text: string;
}

/** All that a developer is told of the plugin. */
async function reportOn(broken: BrokenPlugin, node: Place): Promise<Told> {
  const plugin = write(broken);
  const options = broken.options ?? [];
  let file: PluginFile;
  try {
    file = await inspectPluginFile(plugin);
  } catch (error) {
    if (error instanceof Failure) {
      return { row: undefined, text: [error.what, error.why, error.fix].join("\n") };
    }
    throw error;
  }
  const since = new Date();
  const dead = { file, options, node, since, timeoutMs: TIMEOUT_MS };
  try {
    await startPlugin(node.rpcFile, file.realPath, options);
  } catch (error) {
    if (!(error instanceof RpcError || error instanceof NodeUnreachable)) throw error;
    return textOf(error, await diagnoseFailedStart(error, { ...dead }));
  }
  if (broken.initError) {
    const options = { signal: new AbortController().signal, timeoutMs: 5000 };
    const errors = await readInitErrors(node.rpcFile, [file.realPath], options);
    await stopPlugin(node.rpcFile, file.realPath);
    const { error, logged } = errors.get(file.realPath) ?? { error: {}, logged: "" };
    const said = new RpcError("init", Number(error.code), String(error.message));
    return textOf(said, diagnoseInit({ ...dead, error, logged, stderr: undefined }));
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

function textOf(error: Error | undefined, { explanation, findings }: Diagnosis): Told {
  const head = error instanceof RpcError ? `(${error.code}) ${error.message}` : error?.message;
  const why = explanation && [explanation.reason, explanation.fix];
  const lines = renderFindings(findings, pc.createColors(false), "  ");
  return { row: explanation?.id, text: [head, ...(why ?? []), ...lines].join("\n") };
}

function canRun(broken: BrokenPlugin): boolean {
  if (broken.needs === "gcc") return findProgram("gcc") !== undefined;
  return !broken.name.endsWith(".py") || python !== undefined;
}

const KINDS = [
  { name: "the embedded node", start: startEmbedded, takes: () => true },
  ...(installed === undefined ? [] : [REAL]),
];

describe.each(KINDS)("a broken plugin on $name", ({ start, takes }) => {
  let node: StartedNode;
  beforeAll(async () => {
    node = await start();
  });
  afterAll(() => node.end());

  for (const broken of BROKEN.filter(takes)) {
    test.runIf(canRun(broken))(broken.what, async () => {
      const report = await reportOn(broken, node.place);
      for (const words of broken.says) expect(report.text).toMatch(words);
      expect(report.row).toBe(broken.row);
    });
  }
});
