/** `cln-dev call`: lightning-cli's way with parameters, results and errors. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { type FakeRequest, fakeNode } from "../../support/fake-node.js";
import { startNode } from "../../support/nodes.js";
import { has, writePlugin, writeProgram } from "../../support/plugin.js";
import { Program, run } from "../../support/program.js";
import { sandbox } from "../../support/sandbox.js";
import { until } from "../../support/until.js";

const execute = promisify(execFile);

/** A plugin whose method `echo` answers with the text of the params that it was given. */
const ECHO = `#!${process.execPath}
const manifest = { dynamic: true, options: [], rpcmethods: [
  { name: "echo", usage: "", description: "" }, { name: "raw", usage: "", description: "" },
  { name: "slowly", usage: "", description: "" }, { name: "dies", usage: "", description: "" },
  { name: "refuse", usage: "", description: "" }, { name: "silent", usage: "", description: "" },
] };
let text = "";
process.stdin.on("data", (chunk) => {
  text += chunk;
  for (let end = text.indexOf("\\n\\n"); end >= 0; end = text.indexOf("\\n\\n")) {
    const request = text.slice(0, end);
    text = text.slice(end + 2);
    const { id, method } = JSON.parse(request);
    const say = (member) => process.stdout.write('{"jsonrpc":"2.0","id":' + JSON.stringify(id) + "," + member + "}\\n\\n");
    if (method === "getmanifest") say('"result":' + JSON.stringify(manifest));
    else if (method === "init") say('"result":{}');
    else if (method === "dies") throw new TypeError("no luck");
    else if (method === "slowly") {
      const tell = (method, params) => process.stdout.write(JSON.stringify({ jsonrpc: "2.0", method, params: { id, ...params } }) + "\\n\\n");
      tell("message", { level: "debug", message: "not shown" });
      tell("message", { level: "info", message: "begins" });
      tell("progress", { num: 0, total: 2 });
      tell("progress", { num: 1, total: 2, stage: { num: 1, total: 3 } });
      say('"result":"done"');
    }
    else if (method === "echo") say('"result":{"params":' + JSON.stringify(/"params" ?: ?(.*)\\}$/s.exec(request)?.[1]) + "}");
    else if (method === "raw") say('"result":{"big":12345678901234567890,"deep":[1,{"a":[]},"\\\\u001b[31mred"]}');
    else if (method === "silent") require("node:fs").writeFileSync(__dirname + "/asked", "");
    else if (method === "refuse") say('"error":{"code":-7,"message":"not \\\\u001b[31mtoday","data":{"why":1}}');
  }
});
process.stdin.on("end", () => process.exit());
`;

it("passes parameters on as lightning-cli does", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const plugin = writeProgram(`${box.work}/echo.js`, ECHO);
  expect((await run(box, ["start", plugin, node.flag])).code).toBe(0);
  const echo = async (...args: string[]) => {
    const { stdout, stderr, code } = await run(box, ["call", node.flag, "echo", ...args, "--json"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return String(JSON.parse(stdout).params).replaceAll(" ", "");
  };
  expect(await echo()).toMatch(/^(\[\]|\{\})$/);
  expect(await echo("1", "true", "null", "word", "02", "1.5")).toBe(
    '[1,true,null,"word","02",1.5]',
  );
  expect(await echo("123456789012345678901234567890")).toBe("[123456789012345678901234567890]");
  expect(await echo('{"a":[1]}', "[1,2]", '"quoted"', "{broken")).toBe(
    '[{"a":[1]},[1,2],"quoted","{broken"]',
  );
  expect(await echo("-k", "foo1=bar1", "n=7", "x=a=b")).toBe('{"foo1":"bar1","n":7,"x":"a=b"}');
  expect(await echo("foo1=bar1", "n=7")).toBe('{"foo1":"bar1","n":7}');
  expect(await echo('sa"y', "ä")).toBe('["sa\\"y","ä"]');
});

describe("the answer", () => {
  it("is JSON on stdout, numbers untouched, indented for people", async () => {
    const box = sandbox();
    const node = await startNode(box);
    await run(box, ["start", writeProgram(`${box.work}/echo.js`, ECHO), node.flag]);
    const people = await run(box, ["call", node.flag, "raw"]);
    expect(people).toMatchObject({ code: 0, stderr: "" });
    expect(people.stdout).toBe(
      '{\n   "big": 12345678901234567890,\n   "deep": [\n      1,\n      {\n         "a": []\n      },\n      "\\u001b[31mred"\n   ]\n}\n',
    );
    const program = await run(box, ["call", node.flag, "raw", "--json"]);
    expect(program.stdout.trim().split("\n")).toHaveLength(1);
    expect(program.stdout).toContain("12345678901234567890");
  });

  it("that is an error goes to stderr with its code, and the exit code is 1", async () => {
    const box = sandbox();
    const node = await startNode(box);
    await run(box, ["start", writeProgram(`${box.work}/echo.js`, ECHO), node.flag]);
    expect(await run(box, ["call", node.flag, "refuse"])).toMatchObject({
      code: 1,
      stdout: "",
      stderr: 'cln-dev: (-7) not \\x1b[31mtoday\n  data: {\n     "why": 1\n  }\n',
    });
    const json = await run(box, ["call", node.flag, "refuse", "--json"]);
    expect(JSON.parse(json.stderr).error).toMatchObject({ kind: "node-error", code: -7 });
    expect(await run(box, ["call", node.flag, "nonesuch"])).toMatchObject({
      code: 1,
      stderr: "cln-dev: (-32601) Unknown command 'nonesuch'\n",
    });
  });

  it("that a plugin wrote and that is not JSON is reported as that", async () => {
    const box = sandbox();
    // lightningd hands on what a plugin answers as it came.
    const node = await fakeNode(join(box.folder(), "regtest", "lightning-rpc"), {
      getinfo: { network: "regtest", version: "v26.06.6" },
      nojson: (socket: Socket, { id }: FakeRequest) => {
        socket.write(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"a":nope}}\n\n`);
      },
    });
    box.onEnd(() => node.close());
    const { code, stdout, stderr } = await run(box, [
      ...["call", `--rpc-file=${node.rpcFile}`, "nojson"],
    ]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain('the answer is not JSON: the plugin wrote {"a":nope}');
    expect(stderr).not.toContain("lightning-rpc");
  });

  it("is preceded by the plugin's messages and progress, on stderr", async () => {
    const box = sandbox();
    const node = await startNode(box);
    await run(box, ["start", writeProgram(`${box.work}/echo.js`, ECHO), node.flag]);
    const { stdout, stderr } = await run(box, ["call", node.flag, "slowly"]);
    expect({ stdout, stderr }).toEqual({
      stdout: '"done"\n',
      stderr: "# begins\n# 1/2\n# stage 2/3: 2/2\n",
    });
    const watch = new Program(box, ["watch", `${box.work}/echo.js`, node.flag, "--call", "slowly"]);
    await watch.prints(/echo\.js message: stage 2\/3: 2\/2\n.*→ slowly {3}"done"/);
  });

  it("that a plugin does not survive is explained", async () => {
    const box = sandbox();
    const node = await startNode(box);
    await run(box, ["start", writeProgram(`${box.work}/echo.js`, ECHO), node.flag]);
    const { code, stderr } = await run(box, ["call", node.flag, "dies"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^cln-dev: \(-4\) [\s\S]*TypeError: no luck[\s\S]*echo\.js:\d+/);
  });

  it("of a method that is misspelt names the nearest", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const { code, stderr } = await run(box, ["call", node.flag, "getinf"]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: "cln-dev: (-32601) Unknown command 'getinf'\n  Did you mean getinfo?\n",
    });
  });

  it("that does not come is given up by Ctrl-C", async () => {
    const box = sandbox();
    const node = await startNode(box);
    await run(box, ["start", writeProgram(`${box.work}/echo.js`, ECHO), node.flag]);
    const call = new Program(box, ["call", node.flag, "silent"]);
    await until("the plugin to be asked", () => existsSync(`${box.work}/asked`));
    call.kill("SIGINT");
    expect(await call.ended).toMatchObject({ code: 130, stdout: "" });
  });
});

it.skipIf(!has("lightning-cli"))("prints what lightning-cli prints", async () => {
  const box = sandbox();
  const node = await startNode(box);
  await run(box, ["start", writePlugin(box.work), node.flag]);
  for (const args of [["getinfo"], ["plugin", "list"], ["-k", "plugin", "subcommand=list"]]) {
    const theirs = await execute("lightning-cli", [node.flag, ...args], { env: box.env });
    const ours = await run(box, ["call", node.flag, ...args]);
    expect(ours.stdout).toBe(theirs.stdout);
  }
});
