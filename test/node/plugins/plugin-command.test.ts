/** The form of `plugin start`: the keyword form can end nodes up to v26.06.6. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { startPlugin } from "../../../src/node/plugins/plugin-command.js";
import { fakeNode } from "../../support/fake-node.js";
import { sandbox } from "../../support/sandbox.js";

it("is positional without options, and by keywords with some", async () => {
  const box = sandbox();
  const answers = { plugin: { command: "start", plugins: [] } };
  const node = await fakeNode(join(box.root, "lightning-rpc"), answers);
  await startPlugin(node.rpcFile, "/p.py", []);
  await startPlugin(node.rpcFile, "/p.py", [{ name: "foo", raw: '"bar"' }]);
  await node.close();
  expect(node.requests.map(({ params }) => params)).toEqual([
    ["start", "/p.py"],
    { subcommand: "start", plugin: "/p.py", foo: "bar" },
  ]);
});
