/** The options that a plugin runs with, and that a stop would lose. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { readInherited } from "../../../../src/watch/reload/options/inherited-options.js";
import { fakeNode } from "../../../support/fake-node.js";
import { writePlugin } from "../../../support/plugin.js";
import { Program } from "../../../support/program.js";
import { sandbox } from "../../../support/sandbox.js";

const info = { version: "v26.06.6", id: "02", alias: "", network: "regtest" };

function started(plugin: string, value_str: string) {
  return { value_str, source: "pluginstart", plugin };
}

it("a concealed one is not lost silently", async () => {
  const box = sandbox();
  const plugin = writePlugin(box.work);
  const node = await fakeNode(join(box.root, "lightning-rpc"), {
    getinfo: info,
    plugin: { plugins: [{ name: plugin, active: true, dynamic: true }] },
    listconfigs: { configs: { token: started(plugin, "...") } },
  });
  const watch = new Program(box, ["watch", plugin, `--rpc-file=${node.rpcFile}`, "--json"]);
  expect(await watch.outcome()).toMatchObject({
    event: "refused",
    kind: "option-concealed",
    message: expect.stringContaining("token"),
    fix: "Give it here: token=VALUE",
  });
  const stops = node.requests.filter(({ params }) => JSON.stringify(params).includes("stop"));
  expect(stops).toEqual([]);
  await watch.end();
  await node.close();
});

it("are kept over a start by the node itself, and not over one by somebody else", async () => {
  const box = sandbox();
  const configs = { bar: started("/p.py", "now"), mine: started("/p.py", "theirs") };
  const node = await fakeNode(join(box.root, "lightning-rpc"), { listconfigs: { configs } });
  const kept = { takenOver: [{ name: "foo", raw: '"old"' }], replaced: [], shapes: undefined };
  const given = [{ name: "mine", value: "ours" }];
  const { signal } = new AbortController();
  const read = (byOthers: boolean) =>
    readInherited(node.rpcFile, "/p.py", given, kept, byOthers, signal);
  const bar = { name: "bar", raw: '"now"' };
  const replaced = [{ name: "mine", raw: '"theirs"' }];
  expect(await read(false)).toMatchObject({ takenOver: [...kept.takenOver, bar], replaced });
  expect(await read(true)).toMatchObject({ takenOver: [bar], replaced });
  await node.close();
});
