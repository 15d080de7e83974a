import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { momentOf } from "../../../src/cli/commands/logs.js";
import { startPlugin, stopPlugin } from "../../../src/node/plugins/plugin-command.js";
import { callNode } from "../../../src/node/rpc/client.js";
import { startNode } from "../../support/nodes.js";
import { language, writePlugin } from "../../support/plugin.js";
import { Program, run } from "../../support/program.js";
import { type Sandbox, sandbox } from "../../support/sandbox.js";
import { until } from "../../support/until.js";

/** A plugin whose method logs what it is given. */
function talker(box: Sandbox, name: string, options: readonly unknown[] = []): string {
  const path = join(box.work, name);
  const method = `say_${name.replace(/\W.*/, "")}`;
  const manifest = { options, rpcmethods: [{ name: method, usage: "" }], dynamic: true };
  writeFileSync(
    path,
    `#!${process.execPath}
let text = "";
const write = (message) => process.stdout.write(JSON.stringify({ jsonrpc: "2.0", ...message }));
process.stdin.on("data", (chunk) => {
  text += chunk;
  for (let end; (end = text.indexOf("\\n\\n")) !== -1; text = text.slice(end + 2)) {
    const { id, method, params } = JSON.parse(text.slice(0, end));
    if (method === "${method}") write({ method: "log", params: { level: params[0], message: params[1] } });
    write({ id, result: method === "getmanifest" ? ${JSON.stringify(manifest)} : {} });
  }
});
`,
  );
  chmodSync(path, 0o755);
  return path;
}

test("a plugin's lines, live: by level, messages of several lines kept together", async () => {
  const box = sandbox();
  const node = await startNode(box);
  await startPlugin(node.rpcFile, talker(box, "one.js"), []);
  await startPlugin(node.rpcFile, talker(box, "two.js"), []);
  const say = (method: string, level: string, text: string) =>
    callNode(node.rpcFile, method, [level, text]);
  await say("say_one", "info", "before");
  const program = new Program(box, ["logs", "one.js", node.flag]);
  await until("the line before", () => program.stdout.includes("before"));
  await say("say_one", "debug", "too low");
  await say("say_two", "error", "of another");
  await say("say_one", "warn", "Traceback:\n  File x\nEnd");
  await until("the last line", () => program.stdout.includes("End"));
  process.kill(program.pid, "SIGINT");
  const { code, stdout, stderr } = await program.ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const lines = stdout.trimEnd().split("\n");
  expect(lines.map((line) => line.replace(/^\d\d:\d\d:\d\d\.\d{3} /, ""))).toEqual([
    "INFO    one.js before",
    "UNUSUAL one.js Traceback:",
    "      File x",
    "    End",
  ]);
});

test("--json, --level, --since, --no-follow", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const plugin = talker(box, "one.js");
  await startPlugin(node.rpcFile, plugin, []);
  await callNode(node.rpcFile, "say_one", ["debug", "detail"]);
  await stopPlugin(node.rpcFile, plugin);
  const args = ["logs", "one.js", node.flag, "--json", "--no-follow", "--since", "1m"];
  const { stdout } = await run(box, [...args, "--level", "debug"]);
  const lines = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines).toContainEqual({
    time: expect.stringMatching(/^20\d\d-.*Z$/),
    level: "debug",
    source: "plugin-one.js",
    text: "detail",
  });
  const higher = await run(box, [...args, "--level", "warn"]);
  expect(higher.stdout).not.toContain("detail");
});

test("wrong use, and no node", async () => {
  const box = sandbox();
  const flag = `--lightning-dir=${box.folder()}`;
  expect(await run(box, ["logs", flag, "--level", "loud"])).toMatchObject({ code: 2 });
  expect(await run(box, ["logs", flag, "--since", "soon"])).toMatchObject({ code: 2 });
  expect(await run(box, ["logs", flag, "--last", "few"])).toMatchObject({ code: 2 });
  expect(await run(box, ["logs", flag])).toMatchObject({ code: 3 });
});

test("secret values are hidden: those of the config, of a start, and of a later start", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const option = (name: string) => ({ name, type: "string", description: "d" });
  const plugin = talker(box, "one.js", [option("api-key"), option("plain")]);
  writeFileSync(
    join(box.work, "package.json"),
    JSON.stringify({ "cln-dev": { path: "one.js", options: { "db-password": "of-the-project" } } }),
  );
  const start = (secret: string) =>
    startPlugin(node.rpcFile, plugin, [
      { name: "api-key", raw: JSON.stringify(secret) },
      { name: "plain", raw: '"visible"' },
    ]);
  const say = (text: string) => callNode(node.rpcFile, "say_one", ["info", text]);
  await start("geheim-1");
  await say("before geheim-1 visible of-the-project");
  const forms = [["--json"], []].map((form) => new Program(box, ["logs", ...form, node.flag]));
  const both = (words: string) =>
    until(words, () => forms.every(({ stdout }) => stdout.includes(words)));
  await both("before *** visible ***");
  await stopPlugin(node.rpcFile, plugin);
  await start("geheim-2");
  await say("after geheim-2 and geheim-1");
  await both("after *** and ***");
  for (const form of forms) {
    const { stdout, stderr } = await form.end();
    expect(stdout + stderr).not.toContain("geheim");
  }
});

test("of a plugin that the node does not run are refused, with the nearest name", async () => {
  const box = sandbox();
  const node = await startNode(box, { plugins: [writePlugin(box.folder("p"))] });
  const { code, stderr } = await run(box, ["logs", `plugn${language.extension}`, node.flag]);
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /^cln-dev: the node runs no plugin plugn\.\w+\n {2}Did you mean plugin\.\w+\?/,
  );
});

describe("--since", () => {
  const now = Date.parse("2026-11-21T12:00:00Z");
  test.each([
    ["90s", "2026-11-21T11:58:30.000Z"],
    ["1.5h", "2026-11-21T10:30:00.000Z"],
    ["2d", "2026-11-19T12:00:00.000Z"],
    ["2026-11-21T11:00:00Z", "2026-11-21T11:00:00.000Z"],
  ])("%s", (text, moment) => {
    expect(momentOf(text, now).toISOString()).toBe(moment);
  });
});
