/** What the arguments leave open or get wrong, said before anything is touched. */
import { expect, it } from "vitest";
import { listed, liveVersion, startNode } from "../../../support/nodes.js";
import { language, writePlugin, writeProgram } from "../../../support/plugin.js";
import { Program, run } from "../../../support/program.js";
import { sandbox } from "../../../support/sandbox.js";

const { extension } = language;

it("watch alone takes the one plugin of the folder, with options for it", async () => {
  const box = sandbox();
  const node = await startNode(box);
  writePlugin(box.work, { options: ["foo"] });
  writeProgram(`${box.work}/build.sh`, "#!/bin/sh\nexit 1\n");
  const watch = new Program(box, ["watch", "foo=1", node.flag, "--json"]);
  expect(await watch.next("watching")).toMatchObject({
    plugins: [{ plugin: `plugin${extension}`, options: ["foo=1"] }],
  });
});

it("watch alone lists the commands where the folder has several", async () => {
  const box = sandbox();
  const node = await startNode(box);
  writePlugin(box.work, {}, "a");
  writePlugin(box.work, {}, "b");
  const { code, stderr } = await run(box, ["watch", node.flag]);
  expect(code).toBe(2);
  expect(stderr).toBe(
    `cln-dev: no plugin is named: 2 files of this folder may be one\n  cln-dev watch ./a${extension}\n  cln-dev watch ./b${extension}\n`,
  );
});

it.each(["watch", "start", "restart", "check"])(
  "%s: a word without = is no second plugin",
  async (command) => {
    const box = sandbox();
    writePlugin(box.work);
    const { code, stderr } = await run(box, [command, `./plugin${extension}`, "foo"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^cln-dev: foo is neither a file nor an option: .*key=value\n {2}Write foo=VALUE\n$/,
    );
  },
);

it("start uses the session's node, and touches nothing where a plugin is missing", async () => {
  const box = sandbox();
  const node = await startNode(box);
  writePlugin(box.work);
  const watch = new Program(box, [`plugin${extension}`, node.flag, "--json"]);
  await watch.next("reloaded");
  const other = writePlugin(box.folder("other"), { version: null }, "other");
  const missing = await run(box, ["start", other, "./nothere.py"]);
  expect(missing).toMatchObject({ code: 2, stdout: "" });
  expect(missing.stderr).toMatch(/no such plugin: .*nothere\.py/);
  expect(await listed(node)).toHaveLength(1);
  expect(await run(box, ["start", other])).toMatchObject({ code: 0 });
  expect(await listed(node)).toHaveLength(2);
});

it("restart in a folder of something else asks for the name", async () => {
  const box = sandbox();
  const node = await startNode(box);
  writePlugin(box.folder("work/mine"));
  const watch = new Program(box, [`mine/plugin${extension}`, node.flag, "--json"]);
  await watch.next("reloaded");
  const unrelated = await run(box, ["restart"], { cwd: box.folder("work/elsewhere") });
  expect(unrelated.code).toBe(2);
  expect(unrelated.stderr).toMatch(new RegExp(`\\n  cln-dev restart plugin\\${extension}\n$`));
  for (const cwd of [box.work, box.folder("work/mine/lib")]) {
    expect(await run(box, ["restart"], { cwd })).toMatchObject({ code: 0 });
  }
  const named = ["restart", `plugin${extension}`];
  expect(await run(box, named, { cwd: box.folder("work/elsewhere") })).toMatchObject({ code: 0 });
  expect(await liveVersion(node)).toBe("1");
});

it.each([
  ["an option on the command line", ["-o", "api-keyTOPSECRET9"]],
  ["a flag that is none", ["--api-key=TOPSECRET9"]],
])("%s with a secret in it is not shown", async (_, args) => {
  const box = sandbox();
  writePlugin(box.work);
  const { code, stderr } = await run(box, ["watch", `plugin${extension}`, ...args, "--regtest"]);
  expect(code).toBe(2);
  expect(stderr).not.toContain("TOPSECRET9");
});
