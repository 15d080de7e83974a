import {
  chmodSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { explain, explainMessage, RULES } from "../../../src/diagnose/explain/explain.js";
import type { ExplainContext, Explanation } from "../../../src/diagnose/explain/explanation.js";
import { diagnoseDeath } from "../../../src/diagnose/failures/death.js";
import { diagnoseFailedStart } from "../../../src/diagnose/failures/start.js";
import { analyze } from "../../../src/diagnose/offline-run.js";
import { runEmbeddedNode } from "../../../src/embedded/node.js";
import { RawJson } from "../../../src/jsonrpc/json.js";
import type { Params } from "../../../src/jsonrpc/message.js";
import { listPlugins, startPlugin } from "../../../src/node/plugins/plugin-command.js";
import { callNode } from "../../../src/node/rpc/client.js";
import { NodeUnreachable, RpcError } from "../../../src/node/rpc/errors.js";
import { inspectPluginFile } from "../../../src/plugin/file/plugin-file.js";
import { findProgram } from "../../../src/plugin/file/shebang.js";
import { runHandshake } from "../../../src/plugin/handshake/run-handshake.js";
import { installed } from "../../conformance/nodes/installed.js";
import { startLightningd } from "../../conformance/nodes/lightningd.js";
import { Sandbox } from "../../support/sandbox.js";
import { BROKEN } from "../broken/all.js";
import { RULE_CASES } from "./rule-cases.js";

let box: Sandbox;
let node: TestNode;
let path: string | undefined;
let fixed: string;

interface TestNode {
  readonly lightningDir: string;
  readonly networkDir: string;
  readonly rpcFile: string;
  end(): Promise<void>;
}

/** Programs that only our own PATH leads to, as a version manager makes them. */
beforeAll(() => {
  box = new Sandbox();
  path = process.env.PATH;
  const bin = box.folder("versions");
  symlinkSync(process.execPath, join(bin, "mynode"));
  process.env.PATH = `${bin}${delimiter}${path}`;
  process.env.CLN_DEV_TEST_KEY = "1";
  fixed = write("fixed.js", { dynamic: false });
});
afterAll(async () => {
  process.env.PATH = path;
  delete process.env.CLN_DEV_TEST_KEY;
  await box.end();
});

/** Its plugins have neither our PATH nor our variables. */
async function startEmbedded(): Promise<TestNode> {
  const embedded = await runEmbeddedNode({
    lightningDir: box.folder("l1"),
    env: { PATH: path, CLN_DEV_TEST_SANDBOX: box.root },
    plugins: [fixed],
  });
  return { ...embedded, end: () => embedded.close() };
}

/** A plugin for Node. `handlers` is the source of an object of functions by method. */
function write(name: string, manifest: object = {}, handlers = "{}", start = ""): string {
  const file = join(box.work, name);
  mkdirSync(join(file, ".."), { recursive: true });
  const whole = { options: [], rpcmethods: [], dynamic: true, ...manifest };
  writeFileSync(
    file,
    `#!${process.execPath}
${start}
const say = (id, result) => process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id, result }));
const on = { getmanifest: (id) => say(id, ${JSON.stringify(whole)}), init: (id) => say(id, {}), ...${handlers} };
let text = "";
process.stdin.on("data", (chunk) => {
  text += chunk;
  for (let end; (end = text.indexOf("\\n\\n")) !== -1; text = text.slice(end + 2)) {
    const { id, method } = JSON.parse(text.slice(0, end));
    on[method]?.(id);
  }
});
`,
  );
  chmodSync(file, 0o755);
  return file;
}

async function errorOf(method: string, params: Params): Promise<RpcError> {
  const error: unknown = await callNode(node.rpcFile, method, params).catch((e: unknown) => e);
  if (error instanceof RpcError) return error;
  throw new Error(`no error: ${JSON.stringify(error)}`);
}

const plugin = (...params: unknown[]) => errorOf("plugin", params);

/** Starts a plugin, which must fail, and explains it as the watch does. */
async function failedStart(file: string): Promise<Explanation | undefined> {
  const error = await plugin("start", file);
  const place = { networkDir: node.networkDir, rpcFile: node.rpcFile, network: "regtest" };
  const inspected = await inspectPluginFile(file);
  const start = { file: inspected, options: [], node: place, since: new Date() };
  return (await diagnoseFailedStart(error, start)).explanation;
}

async function explained(
  error: Promise<RpcError>,
  context: Partial<ExplainContext> = {},
): Promise<Explanation | undefined> {
  return explain(await error, { path: "", ...context });
}

type Provoke = () => Promise<Explanation | undefined>;
type Case = readonly [rule: string, provoke: Provoke, ...says: RegExp[]];

const PLUGIN_COMMAND: readonly Case[] = [
  ["not-found-by-node", () => explained(plugin("start", "/nowhere/p.js")), /no file/],
  [
    "path-escaped",
    async () => {
      const file = write('a "quoted" name.js');
      const named = await inspectPluginFile(file);
      return explained(plugin("start", file), { path: file, file: named });
    },
    /as the JSON of the call has it/,
    /Name it and its folders without such characters/,
  ],
  [
    "not-executable",
    () => {
      const file = write("plain.js");
      chmodSync(file, 0o644);
      return explained(plugin("start", file), { path: file });
    },
    /chmod \+x \S+plain\.js/,
  ],
  [
    "not-executable-for-node",
    async () => {
      const file = write("for-node.js");
      const inspected = await inspectPluginFile(file);
      chmodSync(file, 0o644);
      return explained(plugin("start", file), { path: file, file: inspected });
    },
    /the node's user may not execute it/,
  ],
  [
    "already-running",
    async () => {
      const file = write("twice.js");
      await startPlugin(node.rpcFile, file, []);
      return explained(plugin("start", file), { path: file });
    },
    /already runs this file, perhaps started by hand/,
    /cln-dev stop \S+twice\.js/,
  ],
  [
    "not-running",
    async () =>
      explained(plugin("stop", "nobody.js"), {
        plugins: (await listPlugins(node.rpcFile)).map(({ name }) => name),
      }),
    /does not run nobody\.js/,
    /It runs .*fixed\.js/,
  ],
  [
    "unmanageable",
    async () =>
      explained(plugin("stop", fixed), { path: fixed, file: await inspectPluginFile(fixed) }),
    /does not say that it is dynamic/,
    /Change false to true at \S+fixed\.js:4; then restart/,
  ],
  [
    "duplicate-option",
    () => explained(errorOf("plugin", new RawJson('{"subcommand":"list","subcommand":"list"}'))),
    /subcommand is given twice/,
  ],
  [
    "interpreter",
    async () => {
      const file = write("no-interpreter.js");
      const inspected = await inspectPluginFile(file);
      writeFileSync(file, "#!/nowhere/node\n");
      return explained(plugin("start", file), { path: file, file: inspected });
    },
    /\S+node, which the #! line names, is here, and the node does not see it/,
    /ProtectHome/,
  ],
  [
    "may-not-run",
    () => explained(plugin("start", box.folder("a-folder")), { path: box.folder("a-folder") }),
    /a folder or may not be executed/,
  ],
  [
    "busy",
    async () => {
      const file = join(box.work, "busy");
      copyFileSync(findProgram("true") ?? "/bin/true", file);
      chmodSync(file, 0o755);
      const held = openSync(file, "r+");
      try {
        return await explained(plugin("start", file), { path: file });
      } finally {
        closeSync(held);
      }
    },
    /still being written/,
  ],
  [
    "hook-order",
    async () => {
      const hook = (other: string) => ({ hooks: [{ name: "openchannel", before: [other] }] });
      await startPlugin(node.rpcFile, write("a.js", hook("b.js")), []);
      const file = write("b.js", hook("a.js"));
      return explained(plugin("start", file), { path: file });
    },
    /form a circle/,
  ],
  [
    "in-flight",
    async () => {
      const file = write(
        "dies.js",
        { rpcmethods: [{ name: "dies", usage: "" }] },
        "{ dies: () => process.exit(3) }",
      );
      await startPlugin(node.rpcFile, file, []);
      return explained(errorOf("dies", []), { path: file });
    },
    /during this call/,
  ],
  [
    "died-later",
    async () => {
      const inspected = await inspectPluginFile(write("later.js"));
      const dead = { file: inspected, options: [], node: { ...node, network: "regtest" } };
      return (await diagnoseDeath({ ...dead, since: new Date(Date.now() - 60_000) })).explanation;
    },
    /exited while running/,
  ],
  ["unknown-method", () => explained(errorOf("no_such_method", [])), /has a method no_such_method/],
];

const CLASHES: readonly Case[] = [
  [
    "method-clash",
    async () => {
      const method = { rpcmethods: [{ name: "taken", usage: "" }] };
      const owner = write("owner.js", method);
      await startPlugin(node.rpcFile, owner, []);
      return await failedStart(write("taker.js", method));
    },
    /owner\.js \(\S+owner\.js\) has a method taken already/,
    /cln-dev stop \S+owner\.js/,
  ],
  [
    "option-clash",
    async () => {
      const option = {
        options: [{ name: "shared", type: "string", default: "x", description: "d" }],
      };
      await startPlugin(node.rpcFile, write("first.js", option), []);
      return await failedStart(write("second.js", option));
    },
    /first\.js has an option shared already/,
  ],
];

const SURROUNDINGS: readonly Case[] = [
  [
    "env-path",
    async () => {
      const file = write("env.js");
      writeFileSync(
        file,
        "#!/usr/bin/env mynode\nprocess.stdin.on('data', (text) => {\n" +
          "  const { id, method } = JSON.parse(text);\n" +
          "  const result = method === 'getmanifest' ? { options: [], rpcmethods: [], dynamic: true } : {};\n" +
          "  process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result }));\n});\n",
      );
      return await failedStart(file);
    },
    /it runs here, where mynode is \S+versions\/mynode/,
    /nvm/,
    /Write #!\S+versions\/mynode as its first line/,
  ],
  [
    "works-here",
    () =>
      failedStart(
        write("needs.js", {}, "{}", "if (!process.env.CLN_DEV_TEST_KEY) process.exit(1);"),
      ),
    /the difference is on the node's side/,
  ],
];

/** What an offline handshake finds that no node says, or that kills a real one. */
const OFFLINE: readonly Case[] = [
  [
    "other-id",
    () =>
      offline(
        write(
          "slashes.js",
          {},
          `{ getmanifest: (id) => process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id, result: {} }).replaceAll("/", "\\\\/")) }`,
        ),
      ),
    /it answers with the id "cli:plugin#1\\\/cln:getmanifest#\d+", but was asked with "cli:plugin#1\/cln/,
  ],
  [
    "unicode-usage",
    () =>
      offline(
        write(
          "uni.js",
          {},
          `{ getmanifest: (id) => process.stdout.write('{"jsonrpc":"2.0","id":"' + id + '","result":{"options":[],"rpcmethods":[{"name":"cafe","usage":"caf\\\\u00e9"}]}}') }`,
        ),
      ),
    /the usage of cafe contains a \\u escape/,
  ],
  [
    "init-error",
    () =>
      offline(
        write(
          "init-error.js",
          {},
          `{ init: (id) => process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id, error: { code: -1, message: "no key" } })) }`,
        ),
      ),
    /answered init with an error \(no key\)/,
    /lists the plugin as active/,
  ],
];

const CASES: readonly Case[] = [...PLUGIN_COMMAND, ...CLASHES, ...SURROUNDINGS, ...OFFLINE];

async function offline(file: string): Promise<Explanation | undefined> {
  const handshake = await runHandshake(await inspectPluginFile(file), {
    networkDir: node.networkDir,
    rpcFile: node.rpcFile,
    network: "regtest",
    until: "init",
    timeoutMs: 5000,
  });
  return explain(handshake, { path: file, offline: analyze(handshake) });
}

/** What a release of lightningd says that this node has no reason to say. */
const WORDS_ALONE: readonly (readonly [rule: string, words: string])[] = [
  ["vanished", "No such file or directory"],
  ["exited", "exited before we sent init"],
  ["deprecated-option", "deprecated option (will be removed!)"],
  ["wrong-bool", "boolean plugin arguments must be true or false"],
  [
    "manifest-hook-unknown-or-taken",
    "could not register hook 'x', either the name doesn't exist or",
  ],
  ["manifest-featurebits-kept", "Custom featurebits already present"],
  ["option-named-options", "options: should be an array: invalid token 'x'"],
];

const KINDS = [
  { name: "the embedded node", start: startEmbedded, cases: CASES },
  ...(installed === undefined
    ? []
    : [
        {
          name: "a real lightningd",
          start: () => startLightningd({ plugins: [fixed] }),
          // Its environment is ours.
          cases: CASES.filter((one) => !SURROUNDINGS.includes(one)),
        },
      ]),
];

describe.each(KINDS)("a rule for every answer of $name, provoked", ({ start, cases }) => {
  beforeAll(async () => {
    node = await start();
  });
  afterAll(() => node.end());

  for (const [rule, provoke, ...says] of cases) {
    test(rule, async () => {
      const explanation = await provoke();
      expect(explanation?.id).toBe(rule);
      const text = `${explanation?.reason}\n${explanation?.fix}`;
      for (const words of says) expect(text).toMatch(words);
    });
  }
});

describe("the tables", () => {
  test.each(WORDS_ALONE)("%s", (rule, words) => {
    expect(explainMessage(words, { path: "" })?.id).toBe(rule);
  });

  test("no rule is left without one", () => {
    const provoked = new Set<string | undefined>([
      ...BROKEN.map(({ rule }) => rule),
      ...CASES.map(([rule]) => rule),
      ...WORDS_ALONE.map(([rule]) => rule),
      "waits-for-itself", // hang.test.ts
      ...RULE_CASES.map(({ rule }) => rule),
    ]);
    expect(RULES.map(({ id }) => id).filter((id) => !provoked.has(id))).toEqual([]);
  });
});

test("a node that does not answer is explained by its own failure", () => {
  const error = new NodeUnreachable("refused", "/x/rpc", {
    what: "no node",
    why: "stale",
    fix: "start it",
  });
  expect(explain(error, { path: basename("/x") })).toEqual({
    id: "node-refused",
    reason: "stale",
    fix: "start it",
  });
});
