/** What is said of a failure, word for word: the plugin and its output in, reason and fix out. */
import { spawn } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fileWrittenAt } from "../../../src/diagnose/evidence/cut-file.js";
import { mayDropOption } from "../../../src/diagnose/evidence/dropped-option.js";
import {
  compareEnvironments,
  nodeEnvironment,
} from "../../../src/diagnose/evidence/node-environment.js";
import { explainMessage } from "../../../src/diagnose/explain/explain.js";
import type { ExplainContext } from "../../../src/diagnose/explain/explanation.js";
import { diagnoseDeath } from "../../../src/diagnose/failures/death.js";
import { analyze } from "../../../src/diagnose/offline-run.js";
import type { PluginFile } from "../../../src/plugin/file/plugin-file.js";
import type { Handshake } from "../../../src/plugin/handshake/handshake.js";
import { until } from "../../support/until.js";
import { BEFORE, exited, RULE_CASES, type RuleCase, trace } from "./rule-cases.js";

let folder: string;
const { PATH, VIRTUAL_ENV } = process.env;
beforeAll(() => {
  // The Pythons of this machine, and what they have, are left out.
  process.env.PATH = "/nonexistent";
  delete process.env.VIRTUAL_ENV;
  folder = realpathSync(mkdtempSync(join(tmpdir(), "cln-dev-rules-")));
});
afterAll(() => {
  process.env.PATH = PATH;
  if (VIRTUAL_ENV !== undefined) process.env.VIRTUAL_ENV = VIRTUAL_ENV;
  rmSync(folder, { recursive: true, force: true });
});

/** The plugin and its output, as an offline run would give them. */
function explainCase(one: RuleCase, at: string) {
  const own = (text: string) => text.replaceAll("/P/", `${at}/`);
  const names = Object.keys(one.files);
  for (const [name, text] of Object.entries(one.files)) {
    mkdirSync(dirname(join(at, name)), { recursive: true });
    writeFileSync(join(at, name), text);
    if (name.includes("/bin/")) chmodSync(join(at, name), 0o755);
  }
  const path = join(at, names[0] ?? "");
  const language = one.language ?? "python";
  const program =
    one.by ?? { node: "/usr/bin/node", shell: "/bin/sh" }[String(language)] ?? "/usr/bin/python3";
  const interpreter = { line: program, name: program, path: program, byEnv: false };
  const compiled = language === "rust" || language === "go" || language === "binary";
  const file = { path, realPath: path, language, interpreter: compiled ? undefined : interpreter };
  const handshake: Handshake = {
    file,
    end: one.end ?? exited(),
    nodeMessage: undefined,
    manifest: undefined,
    manifestText: undefined,
    manifestMs: undefined,
    initMs: undefined,
    stray: one.stray ?? [],
    stderr: own(one.stderr ?? ""),
    logged: [],
  };
  const context = JSON.parse(own(JSON.stringify(one.context ?? {}))) as Partial<ExplainContext>;
  return explainMessage(one.message ?? BEFORE, {
    path,
    file,
    offline: analyze(handshake),
    ...context,
  });
}

for (const [index, one] of RULE_CASES.entries()) {
  test(`${one.rule}: ${one.fix.slice(0, 60)}`, () => {
    const at = join(folder, String(index));
    mkdirSync(at);
    const found = explainCase(one, at);
    const said = (text: string | undefined) => text?.replaceAll(at, "/P");
    expect({ rule: found?.id, reason: said(found?.reason), fix: said(found?.fix) }).toEqual({
      rule: one.rule,
      reason: one.reason,
      fix: one.fix,
    });
  });
}

describe("what is looked up", () => {
  test.runIf(process.platform === "linux")("who listens on the port", async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const at = join(folder, "port");
    mkdirSync(at);
    const error = (text: string): RuleCase => ({
      rule: "address-in-use",
      files: { "p.py": "" },
      stderr: trace(2, text, "OSError: [Errno 98] Address already in use", "/P/p.py"),
      reason: "",
      fix: "",
    });
    const held = explainCase(error(`s.bind(("127.0.0.1", ${port}))`), at);
    expect(held?.reason).toMatch(
      new RegExp(`^process ${process.pid} \\(.*\\) listens on port ${port}$`),
    );
    await new Promise((done) => server.close(done));
    const free = explainCase(error(`s.bind(("127.0.0.1", ${port}))`), at);
    expect(free?.reason).toMatch(/was in use .* and is free now: probably the previous version/);
    const socket = join(at, "sock");
    const unix = createServer();
    await new Promise<void>((done) => unix.listen(socket, done));
    expect(explainCase(error(`s.bind("${socket}")`), at)).toMatchObject({
      reason: `${socket} is left over from an earlier run of the plugin`,
      fix: "Remove the file before the plugin binds it: os.unlink(path)",
    });
    await new Promise((done) => unix.close(done));
  });

  test("a file that was written at the stop", () => {
    const at = join(folder, "cut");
    mkdirSync(at);
    const path = join(at, "p.py");
    writeFileSync(path, `open("${at}/state.json")\n`);
    writeFileSync(join(at, "state.json"), "{");
    const interpreter = { line: "", name: "python3", path: "/usr/bin/python3", byEnv: false };
    const file: PluginFile = { path, realPath: path, language: "python", interpreter };
    const stopped = new Date(Date.now() - 60_000);
    expect(fileWrittenAt(file, at, stopped)).toBeUndefined();
    utimesSync(join(at, "state.json"), stopped, new Date(stopped.getTime() - 400));
    expect(fileWrittenAt(file, at, stopped)).toBe(join(at, "state.json"));
  });

  test("variables that the plugin mentions, and those that interpreters look at", () => {
    const source = join(folder, "env.py");
    writeFileSync(source, "os.environ['MY_URL']\n");
    const here = { HOME: "/home/me", MY_URL: "u", OTHER: "x" };
    expect(compareEnvironments({ HOME: "/" }, here, [source])).toEqual({
      differing: ["HOME", "MY_URL"],
      onlyHere: ["MY_URL", "OTHER"],
    });
  });

  test("what the node ended a plugin for is in its log", async () => {
    const path = join(folder, "killed.py");
    writeFileSync(path, '#!/usr/bin/env python3\n\nprint("in the hook")\n');
    const interpreter = { line: "", name: "python3", path: "/usr/bin/python3", byEnv: true };
    const file: PluginFile = { path, realPath: path, language: "python", interpreter };
    const node = { lightningDir: folder, networkDir: folder, rpcFile: "", network: "regtest" };
    const dead = { file, options: [], node, since: new Date() };
    const why = async (nodeMessage: string) =>
      (await diagnoseDeath({ ...dead, log: ["up", `Killing plugin: ${nodeMessage}`] })).explanation
        ?.reason;
    expect(await why('Failed to parse RPC JSON response \'??in the hook?{"jsonrpc":"2.0"}\'')).toBe(
      `the node ended it: it printed \`in the hook\` to stdout (${path}:3), which is reserved for JSON-RPC`,
    );
    expect(
      await why(
        'Unknown log-level "fatal", valid values are "trace", "debug", "info", "warn", or "error".',
      ),
    ).toBe("the node ended it: it logged at the level fatal, which lightningd does not have");
    expect(
      await why('Log notification from plugin doesn\'t have a string "message" field'),
    ).toMatch(/^the node ended it: it sent a log notification whose message is not a string$/);
  });

  test("an option that the config sets and the new code does not name", () => {
    const path = join(folder, "drops.py");
    writeFileSync(path, "options = ['kept_opt']\n");
    const interpreter = { line: "", name: "python3", path: "/usr/bin/python3", byEnv: true };
    const file: PluginFile = { path, realPath: path, language: "python", interpreter };
    const may = (names: string[], given = true, version = "v26.06.6") =>
      mayDropOption(file, names, given, version);
    expect([may(["kept_opt"]), may(["old_opt"])]).toEqual([false, true]);
    expect([may(["old_opt"], false), may(["old_opt"], true, "v26.09")]).toEqual([false, false]);
    expect(may([])).toBe(false);
  });

  test.runIf(process.platform === "linux")("the environment of the node's process", async () => {
    const networkDir = join(folder, "env-node", "regtest");
    mkdirSync(networkDir, { recursive: true });
    const lightningDir = dirname(networkDir);
    const pidFile = join(lightningDir, "lightningd-regtest.pid");
    const options = { cwd: networkDir, env: { ONLY_THERE: "1" }, stdio: "ignore" } as const;
    const node = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60_000)"], options);
    const other = spawn("/bin/sleep", ["60"], options);
    try {
      writeFileSync(pidFile, `${node.pid}\n`);
      await until("it runs", () => nodeEnvironment(lightningDir, "regtest") !== undefined);
      expect(nodeEnvironment(lightningDir, "regtest")).toEqual({ ONLY_THERE: "1" });
      // The pid of a node that is gone may be any process's by now.
      writeFileSync(pidFile, `${other.pid}\n`);
      expect(nodeEnvironment(lightningDir, "regtest")).toBeUndefined();
      writeFileSync(pidFile, `${process.pid}\n`);
      expect(nodeEnvironment(lightningDir, "regtest")).toBeUndefined();
    } finally {
      node.kill("SIGKILL");
      other.kill("SIGKILL");
    }
  });
});
