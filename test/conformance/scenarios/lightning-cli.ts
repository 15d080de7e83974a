/** What the real lightning-cli prints, and how it exits, against both nodes. */
import { spawn } from "node:child_process";
import { expect } from "vitest";
import type { JsonRecord } from "../harness/json.js";
import type { NodeUnderTest } from "../harness/node-under-test.js";
import { topic } from "../harness/scenario.js";
import { installed } from "../nodes/installed.js";

async function cli(node: NodeUnderTest, ...args: readonly string[]): Promise<JsonRecord> {
  const child = spawn(installed?.lightningCli ?? "lightning-cli", [
    `--lightning-dir=${node.running.lightningDir}`,
    ...args,
  ]);
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString("utf8");
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString("utf8");
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { code, stdout: comparable(node, stdout), stderr: comparable(node, stderr) };
}

function comparable(node: NodeUnderTest, text: string): string {
  return node
    .normalise(text)
    .replace(/\s*\{\s*"name": ?"<own-plugins>[^}]*\},?/g, "")
    .replace(/\[\s+\]/g, "[]")
    .replace(/0[23][0-9a-f]{64}/g, "ID")
    .replace(/("?color"?(?:=|: ?)"?)[0-9a-f]{6}/g, "$1COLOR")
    .replace(/("?alias"?(?:=|: ?)"?)[\w-]+/g, "$1ALIAS")
    .replace(/cli:(\w+)#\d+/g, "cli:$1#N");
}

topic(
  "lightning-cli",
  (scenario) => {
    const commands: readonly (readonly string[])[] = [
      ["getinfo"],
      ["-H", "getinfo"],
      ["-F", "getinfo"],
      ["-R", "getinfo"],
      ["plugin", "list"],
      ["-k", "plugin", "subcommand=list"],
      ["-o", "plugin", "list"],
      ["-R", "plugin", "list"],
      ["plugin"],
      ["plugin", "reload"],
      ["plugin", "stop", "nosuch"],
      ["plugin", "start", "/no/such"],
      ["plugin", "start", "/no/such", "a=b"],
      ["plugin", "subcommand=stop", "plugin=nosuch", "more=1"],
      ["nosuch"],
      ["-F", "nosuch"],
      ["-H", "nosuch"],
      ["-J", "help", "getinfo"],
      ["-J", "help", "nosuch"],
      ['--filter={"command":true}', "plugin", "list"],
      ['--filter={"command":[{}]}', "plugin", "list"],
      ["listpeers"],
      ["-F", "listpeers"],
      ["listfunds"],
      ["listchannels"],
      ["listinvoices"],
      ["listpays"],
      ["listsendpays"],
      ["listnodes"],
      ["listforwards"],
      ["listtransactions"],
      ["listconfigs", "network"],
      ["-F", "listconfigs", "rescan"],
      ["listconfigs", "nosuch"],
      ["setconfig", "network", "regtest"],
      ["datastore", "cli-a", "hello"],
      ["-k", "datastore", 'key=["cli-b","x"]', "string=two words"],
      ["-H", "listdatastore", "cli-a"],
      ["-F", "listdatastore", "cli-b"],
      ["deldatastore", "cli-a"],
      ["deldatastore", "cli-a"],
      ["datastoreusage", "cli-b"],
      ["waitblockheight", "0"],
      ["check", "plugin", "list"],
      ["check", "getinfo", "x"],
      ["notifications", "true"],
      ["makesecret", "zz"],
      ["getlog", "loud"],
      ["stop", "now"],
    ];
    const seen = new Set<string>();
    for (const args of commands) {
      const line = args.join(" ");
      const name = seen.has(line) ? `${line}, again` : line;
      seen.add(line);
      scenario(name, (node) => cli(node, ...args));
    }

    scenario("a plugin's life", async (node) => {
      const plugin = node.plugin("p.py", {
        methods: ["hello"],
        options: [{ name: "cli-opt", type: "string", description: "d", default: "world" }],
        steps: { hello: [{ echo: true }] },
      });
      const start = await cli(node, "plugin", "start", plugin.path);
      expect(start.code).toBe(0);
      const calls = [
        await cli(node, "hello"),
        await cli(node, "hello", "a", "1", "1.5", "true", "null", "[1,2]", '{"b":2}', "é⚡"),
        await cli(node, "-k", "hello", "name=bob", "n=5", "flag=false"),
        await cli(node, "hello", "name=bob"),
        await cli(node, "-o", "hello", "name=bob"),
        await cli(node, "-H", "hello", "a"),
        await cli(node, "-F", "hello", "a"),
        await cli(node, "-R", "hello", "a"),
        await cli(node, '--filter={"got":true}', "hello"),
        await cli(node, "-J", "help", "hello"),
        await cli(node, "listconfigs", "cli-opt"),
      ];
      const stop = await cli(node, "plugin", "stop", "p.py");
      const again = await cli(
        node,
        "-k",
        "plugin",
        "subcommand=start",
        `plugin=${plugin.path}`,
        "cli-opt=x",
      );
      return { start, calls, stop, again, gone: await cli(node, "plugin", "stop", "nosuch") };
    });

    scenario("a start that fails", async (node) => {
      const plugin = node.plugin("p.py", { begin: [{ exit: 1 }] });
      const answer = await cli(node, "plugin", "start", plugin.path);
      expect(answer).toEqual({
        code: 1,
        stdout:
          '{\n   "code": -3,\n   "message": "<folder>/p.py: exited before replying to getmanifest"\n}\n',
        stderr: "",
      });
      return answer;
    });

    scenario("a plugin's messages are shown while it works", async (node) => {
      await node.started(
        node.plugin("p.py", {
          methods: ["work"],
          steps: {
            work: [
              { message: { params: { level: "info", message: "half\nway" } } },
              { message: { params: { level: "debug", message: "too low" } } },
              { result: { done: true } },
            ],
          },
        }),
      );
      return [
        await cli(node, "work"),
        await cli(node, "-N", "debug", "work"),
        await cli(node, "-N", "none", "work"),
      ];
    });

    scenario("a plugin's error, with data", async (node) => {
      await node.started(
        node.plugin("p.py", {
          methods: ["fail"],
          steps: { fail: [{ error: { code: 5, message: "no\nluck", data: { why: [1] } } }] },
        }),
      );
      return [
        await cli(node, "fail"),
        await cli(node, "-F", "fail"),
        await cli(node, "-R", "fail"),
      ];
    });

    scenario("a plugin's format hint", async (node) => {
      await node.started(
        node.plugin("p.py", {
          methods: ["hint"],
          steps: { hint: [{ result: { a: "x\ny", b: [1], "format-hint": "simple" } }] },
        }),
      );
      return [await cli(node, "hint"), await cli(node, "-J", "hint")];
    });

    scenario("a node that stops", async (node) => {
      const fresh = await node.fresh();
      const stop = await cli(fresh, "stop");
      await fresh.ends();
      return { stop };
    });
  },
  { skip: installed === undefined },
);
