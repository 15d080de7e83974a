import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findSettingsKey, foreignSettings } from "../../../src/settings/project/package-json.js";
import { projectNode, projectPlugins } from "../../../src/settings/project/schema.js";
import { failureOf, textOf } from "../failure-of.js";
import { tempFolder, writeFiles } from "../temp-folder.js";

const FILE = "/p/package.json";
const key = (value: unknown) => ({ file: FILE, folder: "/p", value });
const read = (value: unknown) => ({
  node: projectNode(key(value), "/home/me"),
  plugins: projectPlugins(key(value), "/home/me"),
});

const plain = { options: [], watch: [], only: [], ignore: [], call: [], safe: false };

describe("the shapes of the key", () => {
  it.each([
    ["a path", "src/p.py", ["/p/src/p.py"]],
    ["one plugin", { path: "p.py" }, ["/p/p.py"]],
    [
      "a list",
      ["a.py", { path: "/b.py" }, { path: "~/c.py" }],
      ["/p/a.py", "/b.py", "/home/me/c.py"],
    ],
    [
      "plugins",
      { plugins: ["a.py", { path: "./b.py" }], network: "regtest" },
      ["/p/a.py", "/p/b.py"],
    ],
    ["a node only", { network: "regtest" }, []],
    ["nothing", {}, []],
  ])("%s", (_, value, paths) => {
    expect(read(value).plugins).toEqual(paths.map((path) => ({ path, ...plain })));
  });

  it("one plugin and the node side by side", () => {
    const { node, plugins } = read({
      path: "p.py",
      options: { text: "a b", number: -5, on: true, off: false, many: ["x", 1], none: [] },
      watch: ["src", "~/lib", "/etc/x"],
      ignore: "*.log",
      build: "make",
      run: "pytest",
      call: ["m a=1", "n"],
      safe: true,
      "lightning-dir": "~/.lightning",
      network: "regtest",
      "rpc-file": "my-rpc",
      conf: "etc/my.conf",
      embedded: false,
    });
    expect(plugins).toEqual([
      {
        path: "/p/p.py",
        options: [
          { name: "text", value: "a b" },
          { name: "number", value: -5 },
          { name: "on", value: true },
          { name: "off", value: false },
          { name: "many", value: "x" },
          { name: "many", value: 1 },
        ],
        watch: ["/p/src", "/home/me/lib", "/etc/x"],
        only: [],
        ignore: ["*.log"],
        build: { command: "make", cwd: "/p", from: "/p/package.json" },
        runAfter: { command: "pytest", cwd: "/p", from: "/p/package.json" },
        call: ["m a=1", "n"],
        safe: true,
      },
    ]);
    expect(node).toEqual({
      lightningDir: ["/home/me/.lightning"],
      network: "regtest",
      rpcFile: "my-rpc",
      conf: "/p/etc/my.conf",
      embedded: false,
    });
  });
});

describe("what is wrong in it", () => {
  it.each<[unknown, string[]]>([
    [5, ["wrong cln-dev (5)", "a path, an object or a list"]],
    [null, ["wrong cln-dev (null)"]],
    ["", ["wrong cln-dev", "empty"]],
    [[], ["wrong cln-dev (a list)", "no plugin"]],
    [{ plugins: [] }, ["wrong cln-dev.plugins (a list)", "no plugin"]],
    [{ plugins: "a.py" }, ['wrong cln-dev.plugins ("a.py")', "a list"]],
    [[5], ["wrong cln-dev[0] (5)", "a path or an object"]],
    [[["a.py"]], ["wrong cln-dev[0] (a list)"]],
    [{ plugins: ["a.py", {}] }, ["wrong cln-dev.plugins[1] (an object)", '"path" is missing']],
    [{ options: {} }, ["wrong cln-dev (an object)", '"path" is missing']],
    [{ path: 5 }, ["wrong cln-dev.path (5)", "a string", '"plugin.py"']],
    [{ path: " " }, ['wrong cln-dev.path (" ")', "empty"]],
    [{ path: "a\0b" }, ["wrong cln-dev.path", "NUL"]],
    [{ path: "p", optoins: {} }, ["unknown key cln-dev.optoins (an object)", '"options"']],
    [{ path: "p", lightningDir: "/x" }, ['cln-dev.lightningDir ("/x")', '"lightning-dir"']],
    [
      { path: "p", colour: 1 },
      ["unknown key cln-dev.colour (1)", "path, options, watch", "Remove"],
    ],
    [{ plugins: [{ path: "p", network: "regtest" }] }, ["unknown key cln-dev.plugins[0].network"]],
    [{ plugins: ["p"], watch: "x" }, ['wrong cln-dev.watch ("x")', 'next to "plugins"', "Move"]],
    [{ path: "p", options: [] }, ["wrong cln-dev.options (a list)", "names and values"]],
    [
      { path: "p", options: { foo: null } },
      ["wrong cln-dev.options.foo (null)", "a string, a number"],
    ],
    [{ path: "p", options: { foo: {} } }, ["wrong cln-dev.options.foo (an object)"]],
    [{ path: "p", options: { foo: ["a", []] } }, ["wrong cln-dev.options.foo[1] (a list)"]],
    [{ path: "p", options: { foo: 2 ** 60 } }, ["options.foo (1152921504606847000)", "digits"]],
    [{ path: "p", options: { "a b": 1 } }, ['wrong cln-dev.options["a b"] (1)', "letters"]],
    [{ path: "p", options: { plugin: 1 } }, ["wrong cln-dev.options.plugin", "parameter"]],
    [{ path: "p", watch: 1 }, ["wrong cln-dev.watch (1)", "a list of strings", '["src"]']],
    [{ path: "p", watch: ["a", 1] }, ["wrong cln-dev.watch[1] (1)"]],
    [{ path: "p", ignore: {} }, ["wrong cln-dev.ignore (an object)"]],
    [{ path: "p", build: ["make"] }, ["wrong cln-dev.build (a list)"]],
    [{ path: "p", call: true }, ["wrong cln-dev.call (true)"]],
    [{ path: "p", safe: "yes" }, ['wrong cln-dev.safe ("yes")', "true or false"]],
    [{ embedded: 1 }, ["wrong cln-dev.embedded (1)", "true or false"]],
    [{ "lightning-dir": 1 }, ["wrong cln-dev.lightning-dir (1)"]],
    [{ "rpc-file": [] }, ["wrong cln-dev.rpc-file (a list)"]],
    [{ conf: false }, ["wrong cln-dev.conf (false)"]],
    [{ network: "mainnet" }, ['wrong cln-dev.network ("mainnet")', '"network": "bitcoin"']],
    [{ network: "regtset" }, ['wrong cln-dev.network ("regtset")', '"network": "regtest"']],
  ])("%j", (value, words) => {
    const failure = failureOf(() => read(value));
    expect(failure.exitCode).toBe(2);
    for (const word of [...words, FILE]) expect(textOf(failure)).toContain(word);
  });

  it("is shown without secrets", () => {
    const values = [
      { path: "p", options: { "api-key": [["abc"]], plugin: "x" } },
      { path: "p", "auth-token": "abc" },
      { path: "p", optoins: { "api-key": "abc" } },
    ];
    for (const value of values) expect(textOf(failureOf(() => read(value)))).not.toContain("abc");
  });

  it("a ~ without a HOME", () => {
    const failure = failureOf(() => projectPlugins(key("~/p.py"), undefined));
    expect(textOf(failure)).toContain("HOME is not set");
  });
});

describe("findSettingsKey", () => {
  it("takes the nearest package.json that has the key", () => {
    const root = tempFolder();
    writeFiles(root, {
      "package.json": '{ "cln-dev": "outer.py" }',
      "a/package.json": '\uFEFF{ "cln-dev": "inner.py" }',
      "a/b/package.json": '{ "name": "without" }',
      "a/b/c/x": "",
      "d/package.json": "[]",
    });
    const found = (folder: string) => findSettingsKey(join(root, folder));
    expect(found("a/b/c")).toEqual({
      file: join(root, "a/package.json"),
      folder: join(root, "a"),
      value: "inner.py",
    });
    expect(found("d")?.value).toBe("outer.py");
    expect(found(".")?.value).toBe("outer.py");
  });

  it("names file, line and column of a broken one", () => {
    const root = tempFolder();
    writeFiles(root, { "package.json": '{\n  "cln-dev": {\n    "path": "p.py",\n  }\n}\n' });
    const failure = failureOf(() => findSettingsKey(root));
    expect(failure.exitCode).toBe(2);
    const { what, why } = failure;
    expect({ what, why }).toEqual({
      what: `${join(root, "package.json")}:4:3 is not valid JSON`,
      why: expect.stringContaining("property name"),
    });
  });

  it("reads over a broken one further up that does not speak of us, and only over that", () => {
    const root = tempFolder();
    writeFiles(root, {
      "package.json": "{ broken",
      "a/package.json": "{}",
      "b/package.json": "{}",
    });
    expect(findSettingsKey(join(root, "a"))).toBeUndefined();
    writeFiles(root, { "package.json": '{ "cln-dev" }' });
    expect(textOf(failureOf(() => findSettingsKey(join(root, "a"))))).toContain(
      "package.json:1:13",
    );
  });

  it.skipIf(process.getuid?.() !== 0)("passes over what another user can change above", () => {
    const root = tempFolder();
    const settings = '{ "cln-dev": "p.py" }';
    writeFiles(root, { "package.json": settings, "a/b/c": "", "mounted/package.json": settings });
    const found = (folder: string) => findSettingsKey(join(root, folder))?.folder;
    expect(found("a/b")).toBe(root);
    chownSync(join(root, "package.json"), 61_001, 61_001);
    expect(found("a/b")).toBeUndefined();
    expect(foreignSettings(join(root, "a/b"))).toEqual([join(root, "package.json")]);
    // In a shared folder a file in the working directory itself is as foreign.
    chmodSync(root, 0o1777);
    expect(found(".")).toBeUndefined();
    chownSync(join(root, "package.json"), 0, 0);
    expect(found("a/b")).toBe(root);
    chmodSync(root, 0o777);
    expect(found("a/b")).toBeUndefined();
    // A project that is mounted into a container has the same owner as its folder.
    for (const path of ["mounted", "mounted/package.json"]) chownSync(join(root, path), 500, 500);
    expect(found("mounted")).toBe(join(root, "mounted"));
  });

  it("is not held up by a named pipe", () => {
    const root = tempFolder();
    writeFiles(root, { "a/b/c": "" });
    spawnSync("mkfifo", [join(root, "a/package.json")]);
    expect(textOf(failureOf(() => findSettingsKey(join(root, "a"))))).toContain("a named pipe");
    writeFiles(root, { "a/b/package.json": "{}" });
    expect(findSettingsKey(join(root, "a/b"))).toBeUndefined();
  });

  it("refuses one that cannot be read", () => {
    const root = tempFolder();
    mkdirSync(join(root, "package.json"));
    const failure = failureOf(() => findSettingsKey(root));
    expect(textOf(failure)).toContain(`cannot read ${join(root, "package.json")}`);
    writeFiles(root, { "a/package.json": "{}" });
    expect(findSettingsKey(join(root, "a"))).toBeUndefined();
  });
});
