import { chmodSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hasChanges } from "../../../src/diagnose/changes/changes.js";
import { manifestChanges } from "../../../src/diagnose/changes/manifest-diff.js";
import { readVisibleApi, visibleChanges } from "../../../src/diagnose/changes/visible-api.js";
import type { RunningEmbeddedNode } from "../../../src/embedded/api.js";
import { runEmbeddedNode } from "../../../src/embedded/node.js";
import { startPlugin, stopPlugin } from "../../../src/node/plugins/plugin-command.js";
import { type Manifest, parseManifest } from "../../../src/plugin/manifest/manifest.js";

let folder: string;
let node: RunningEmbeddedNode;
beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "cln-dev-changes-")));
  node = await runEmbeddedNode({ lightningDir: join(folder, "l1") });
});
afterAll(async () => {
  await node.close();
  rmSync(folder, { recursive: true, force: true });
});

const option = (name: string, more = {}) => ({ name, type: "string", description: "d", ...more });
const BEFORE = {
  dynamic: true,
  options: [
    option("stays", { default: "a" }),
    option("goes", { default: "g" }),
    option("turns", { default: "x" }),
  ],
  rpcmethods: [
    { name: "kept", usage: "a" },
    { name: "dropped", usage: "" },
  ],
  hooks: ["rpc_command"],
  subscriptions: ["connect"],
};
const AFTER = {
  dynamic: true,
  options: [
    option("stays", { default: "a" }),
    { name: "turns", type: "int", default: 5, description: "d" },
    option("comes", { default: "c" }),
  ],
  rpcmethods: [
    { name: "kept", usage: "a [b]" },
    { name: "fresh", usage: "" },
  ],
  hooks: ["peer_connected"],
  subscriptions: ["connect", "disconnect"],
};

function manifest(from: unknown): Manifest {
  const parsed = parseManifest(from);
  if ("error" in parsed) throw new Error(parsed.error);
  return parsed.manifest;
}

test("two manifests", () => {
  expect(manifestChanges(manifest(BEFORE), manifest(AFTER))).toEqual({
    added: ["method fresh", "option comes", "hook peer_connected", "subscription disconnect"],
    removed: ["method dropped", "option goes", "hook rpc_command"],
    changed: ["method kept (a [b], was a)", "option turns (int default 5, was string default x)"],
  });
  expect(hasChanges(manifestChanges(manifest(AFTER), manifest(AFTER)))).toBe(false);
});

test("what a secret option's default was is not told", () => {
  const with_ = (value: string) =>
    manifest({ ...BEFORE, options: [option("api-token", { default: value })] });
  expect(manifestChanges(with_("abc"), with_("def"))).toEqual({
    added: [],
    removed: [],
    changed: [],
  });
});

// A node lists no option that has neither a value nor a default.
test("two looks at a node", async () => {
  const own = join(folder, "p.js");
  const start = async (
    what: unknown,
    options: { name: string; raw: string }[] = [],
    path = own,
  ) => {
    writeFileSync(
      path,
      `#!/usr/bin/env node
      let text = "";
      process.stdin.on("data", (chunk) => {
        text += chunk;
        for (let end; (end = text.indexOf("\\n\\n")) !== -1; text = text.slice(end + 2)) {
          const { id, method } = JSON.parse(text.slice(0, end));
          const result = method === "getmanifest" ? ${JSON.stringify(what)} : {};
          process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id, result }));
        }
      });`,
    );
    chmodSync(path, 0o755);
    await stopPlugin(node.rpcFile, path);
    await startPlugin(node.rpcFile, path, options);
    return await readVisibleApi(node.rpcFile, own);
  };
  const before = await start(BEFORE);
  const same = await start(BEFORE, [{ name: "stays", raw: '"other"' }]);
  expect(hasChanges(visibleChanges(before, same))).toBe(false);
  const { hooks: _hooks, subscriptions: _subscriptions, ...rest } = AFTER;
  const after = await start(rest);
  expect(visibleChanges(before, after)).toEqual({
    added: ["method fresh", "option comes"],
    removed: ["method dropped", "option goes"],
    changed: [
      "method kept (a [b], was a)",
      "option turns (int, was string)",
      "default of turns (5, was x)",
    ],
  });
  // The methods of another plugin that has come meanwhile are not put down to this one.
  const other = { ...BEFORE, options: [], rpcmethods: [{ name: "of-another", usage: "" }] };
  const beside = await start(other, [], join(folder, "other.js"));
  expect(hasChanges(visibleChanges(after, beside))).toBe(false);
});
