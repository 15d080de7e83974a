/** Plugins that start with the node: by its options, its config, its folders. */
import { join } from "node:path";
import { expect } from "vitest";
import { at } from "../harness/json.js";
import { topic } from "../harness/scenario.js";

topic("startup", (scenario) => {
  scenario("a plugin of the config file", async (node) => {
    const plugin = node.plugin("p.py", { manifest: { dynamic: false }, methods: ["m"] });
    const fresh = await node.fresh({ config: [`plugin=${plugin.path}`] });
    const list = await fresh.list();
    expect(list).toEqual([{ name: "<folder>/p.py", active: true, dynamic: false }]);
    return { list, call: await fresh.call("m") };
  });

  scenario("a folder of plugins in the config file", async (node) => {
    const folder = node.subfolder("dir");
    node.plugin("dir/one.py");
    node.file("dir/notes.txt", "no plugin", 0o644);
    const fresh = await node.fresh({ config: [`plugin-dir=${folder}`] });
    return fresh.list();
  });

  scenario("a plugin that the config disables", async (node) => {
    const one = node.plugin("one.py");
    const two = node.plugin("two.py");
    const fresh = await node.fresh({
      config: [`plugin=${one.path}`, `plugin=${two.path}`, "disable-plugin=one.py"],
    });
    const before = await fresh.list();
    expect(before).toEqual([{ name: "<folder>/two.py", active: true, dynamic: true }]);
    return { before, started: await fresh.start(one) };
  });

  scenario("a folder of plugins that is not there is no fault", async (node) => {
    const fresh = await node.fresh({ config: ["plugin-dir=/no/such/folder"] });
    return fresh.list();
  });

  scenario("plugins in the order in which they are named", async (node) => {
    const paths = ["c.py", "a.py", "b.py"].map((name) => node.plugin(name).path);
    const fresh = await node.fresh({ plugins: paths });
    return fresh.list();
  });

  scenario("a plugin that exits before its manifest does not hold up the node", async (node) => {
    const bad = node.plugin("bad.py", { begin: [{ exit: 1 }] });
    const good = node.plugin("good.py");
    const fresh = await node.fresh({ plugins: [bad.path, good.path] });
    const list = await fresh.list();
    expect(list).toEqual([{ name: "<folder>/good.py", active: true, dynamic: true }]);
    return list;
  });

  scenario("nor one with a bad manifest", async (node) => {
    const bad = node.plugin("bad.py", { hooks: ["nosuch"] });
    const fresh = await node.fresh({ plugins: [bad.path] });
    return fresh.list();
  });

  scenario("nor one that disables itself, early or late", async (node) => {
    const early = node.plugin("early.py", {
      steps: { getmanifest: [{ result: { disable: "no" } }] },
    });
    const late = node.plugin("late.py", { steps: { init: [{ result: { disable: "no" } }] } });
    const fresh = await node.fresh({ plugins: [early.path, late.path] });
    return fresh.list();
  });

  scenario("nor one that exits at init", async (node) => {
    const bad = node.plugin("bad.py", { steps: { init: [{ exit: 1 }] } });
    const fresh = await node.fresh({ plugins: [bad.path] });
    return fresh.list();
  });

  scenario("a method that two have: the second is killed", async (node) => {
    const paths = ["one.py", "two.py"].map((name) => node.plugin(name, { methods: ["m"] }).path);
    const fresh = await node.fresh({ plugins: paths });
    const list = Array.isArray(await fresh.list()) ? await fresh.list() : [];
    return { count: Array.isArray(list) ? list.length : 0 };
  });

  const refused: readonly [string, (folder: string) => readonly string[]][] = [
    ["a plugin that is not there", () => ["plugin=/no/such/plugin"]],
    ["a plugin that is no program", (folder) => [`plugin=${folder}/bad-interpreter.py`]],
    [
      "a plugin whose options clash with another's",
      (folder) => [`plugin=${folder}/one.py`, `plugin=${folder}/two.py`],
    ],
    ["an option that nobody has", () => ["nobodys-option=1"]],
    ["a wrong value of a plugin's option", (folder) => [`plugin=${folder}/one.py`, "s-int=many"]],
  ];
  for (const [name, config] of refused) {
    scenario(`the node refuses to start with ${name}`, async (node) => {
      const options = [{ name: "s-int", type: "int", description: "d" }];
      node.file("bad-interpreter.py", "#!/no/such/interpreter\n");
      node.plugin("one.py", { options });
      node.plugin("two.py", { options });
      const starts = await node.fresh({ config: config(node.folder) }).then(
        () => true,
        () => false,
      );
      expect(starts && node.kind === "lightningd").toBe(false);
      return { starts };
    });
  }

  scenario("a plugin may use the socket while the node starts", async (node) => {
    const plugin = node.plugin("p.py", {
      steps: { init: [{ rpc: { method: "nosuch", params: [] } }, { result: {} }] },
    });
    await node.fresh({ plugins: [plugin.path] });
    const answer = await plugin.rpcAnswer();
    expect(at(answer, "error", "message")).toBe("Unknown command 'nosuch'");
    return answer;
  });

  scenario("a relative path in the config starts at the network's folder", async (node) => {
    const plugin = node.plugin("p.py");
    const up = plugin.path.split("/").slice(2).join("/");
    const fresh = await node.fresh({ config: [`plugin=${join("../..", up)}`] });
    return fresh.list();
  });
});
