/** Whatever can be wrong with a plugin file: one clear message, what to do, and an exit code. */
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fakeNode } from "../../support/fake-node.js";
import { liveVersion, startNode } from "../../support/nodes.js";
import { language, writeProgram } from "../../support/plugin.js";
import { Program, run } from "../../support/program.js";
import { sharedSandbox } from "../../support/sandbox.js";

const { extension } = language;

describe("a plugin file", () => {
  const box = sharedSandbox();
  const path = (name: string) => join(box().work, name);
  const plain = () => language.plugin();
  const body = () => plain().slice(plain().indexOf("\n") + 1);

  it.each([
    ["that is not there", "none.py", () => {}, 2, /no such plugin: .*none\.py.*\n.*Check the path/],
    [
      "that is called a little differently",
      "right.p",
      () => writeProgram(path("right.py"), plain()),
      2,
      /no such plugin: .*right\.p: .*\n.*Did you mean .*right\.py\?/,
    ],
    [
      "that is a folder",
      "folder",
      () => writeProgram(path(`folder/plugin${extension}`), plain()),
      2,
      /folder is a folder: .*\n.*Name the file: .*folder\/plugin\.\w+/,
    ],
    [
      "that is not executable",
      "mode.py",
      () => writeFileSync(path("mode.py"), plain()),
      1,
      /mode\.py is not executable: .*\n +chmod \+x .*mode\.py\n/,
    ],
    [
      "without a #! line",
      `bare${extension}`,
      () => writeProgram(path(`bare${extension}`), body()),
      1,
      /it has no #! line.*\n.*Add this as the first line: #!/,
    ],
    [
      "whose interpreter is not there",
      `lost${extension}`,
      () => writeProgram(path(`lost${extension}`), `#!/no/such/thing\n${body()}`),
      1,
      /its #! line names \/no\/such\/thing, which does not exist.*\n.*Write #!/,
    ],
    [
      "whose interpreter env does not find",
      `env${extension}`,
      () => writeProgram(path(`env${extension}`), `#!/usr/bin/env no-such-thing\n${body()}`),
      1,
      /asks env for no-such-thing, which is not on the PATH\n.*Install no-such-thing/,
    ],
    [
      "with Windows line ends",
      `crlf${extension}`,
      () => writeProgram(path(`crlf${extension}`), plain().replaceAll("\n", "\r\n")),
      1,
      /ends with CRLF.*\n.*sed -i 's\/\\r\$\/\/'/,
    ],
    [
      "that is source code of a compiled language",
      "main.rs",
      () => writeProgram(path("main.rs"), "fn main() {}\n"),
      1,
      /is source code.*\n.*cargo build/,
    ],
    ["that is empty", "empty", () => writeProgram(path("empty"), ""), 1, /empty is empty\n.*Save/],
    [
      "that is a symlink to nowhere",
      "link",
      () => symlinkSync(path("gone"), path("link")),
      2,
      /it is a symlink to .*gone, which does not exist\n.*ln -sfn/,
    ],
  ] as const)("%s", async (_, name, make, exitCode, words) => {
    make();
    const node = await fakeNode(join(box().folder(), "rpc"), {
      getinfo: { network: "regtest" },
    });
    const at = `--rpc-file=${node.rpcFile}`;
    const { code, stdout, stderr } = await run(box(), ["start", name, at]);
    // A wrong argument is found before the node is asked anything.
    const isUsage = exitCode === 2;
    expect(code).toBe(exitCode);
    expect(isUsage ? stderr : stdout).toMatch(words);
    expect(isUsage ? stdout : stderr).toBe("");
    const asked = new Set(node.requests.map(({ method }) => method));
    expect([...asked]).toEqual(isUsage ? [] : ["getinfo"]);
    await node.close();
  });

  it("that is not there, or a folder, ends `watch` as well, at once", async () => {
    const node = await startNode(box());
    for (const [name, words] of [
      ["nothing.py", /^cln-dev: no such plugin: /],
      [".", /^cln-dev: .* is a folder: /],
    ] as const) {
      const { code, stdout, stderr } = await run(box(), ["watch", name, node.flag]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toMatch(words);
    }
  });

  it("of a language that nobody knows is watched alone, and runs", async () => {
    const node = await startNode(box());
    const program = language.name === "python" ? "python3" : "node";
    writeProgram(path("mylang"), `#!/bin/sh\nexec ${program} "$@"\n`);
    const plugin = writeProgram(path("plugin.xyz"), `#!${path("mylang")}\n${body()}`);
    const watch = new Program(box(), ["watch", plugin, node.flag, "--json"]);
    expect((await watch.next("watching")).plugins).toMatchObject([{ files: plugin }]);
    await watch.next("reloaded");
    expect(await liveVersion(node)).toBe("1");
  });
});
