import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { resolveSettings } from "../../src/settings/resolve.js";
import { resolveNodes } from "../../src/settings/resolve-nodes.js";
import type { NodeFlags, PluginFlags, Settings } from "../../src/settings/types.js";
import { failureOf, textOf } from "./failure-of.js";
import { link, tempFolder, writeFiles } from "./temp-folder.js";

type Flags = Partial<NodeFlags> & PluginFlags;

/** A folder of files, and the settings that a command run in it gets. */
function project(cln: unknown, files: { readonly [path: string]: string } = {}) {
  const root = tempFolder();
  const key = cln === undefined ? {} : { "cln-dev": cln };
  writeFiles(root, { "package.json": JSON.stringify({ name: "x", ...key }), ...files });
  const surroundings = (folder: string) => ({ home: join(root, "home"), cwd: join(root, folder) });
  return {
    root,
    settings: (args: readonly string[] = [], flags: Flags = {}, options: string[] = [], at = ".") =>
      resolveSettings({
        flags: { lightningDir: [], ...flags },
        args,
        options,
        surroundings: surroundings(at),
        command: "watch",
      }),
    nodes: (flags: Partial<NodeFlags> = {}, at = ".") =>
      resolveNodes({ lightningDir: [], ...flags }, surroundings(at)),
  };
}

const paths = (settings: Settings) => settings.plugins.map((plugin) => plugin.path);

describe("the plugins", () => {
  it("come from the command line alone", () => {
    const { root, settings } = project(undefined);
    const flags = { watch: ["src", "/lib"], ignore: ["*.log"], build: "make", call: ["m"] };
    expect(settings(["p.py", "foo=1"], { ...flags, safe: true }, ["bar=2"])).toMatchObject({
      plugins: [
        {
          path: `${root}/p.py`,
          options: [
            { name: "foo", value: "1" },
            { name: "bar", value: "2" },
          ],
          watch: [`${root}/src`, "/lib"],
          ignore: ["*.log"],
          build: { command: "make", cwd: root },
          call: ["m"],
          safe: true,
        },
      ],
    });
  });

  it("come from package.json, found from any subfolder", () => {
    const { root, settings } = project(
      {
        path: "p.py",
        options: { foo: 1, on: true, many: ["a", "b"] },
        watch: "src",
        build: "make",
      },
      { "deep/er/x": "" },
    );
    expect(settings([], {}, [], "deep/er")).toMatchObject({
      plugins: [
        {
          path: `${root}/p.py`,
          options: [
            { name: "foo", value: 1 },
            { name: "on", value: true },
            { name: "many", value: "a" },
            { name: "many", value: "b" },
          ],
          watch: [`${root}/src`],
          ignore: [],
          build: { command: "make", cwd: root },
          call: [],
          safe: false,
        },
      ],
    });
  });

  it("of the command line replace those of package.json, and keep what it says of the same file", () => {
    const { root, settings } = project(
      {
        plugins: [
          { path: "a.py", options: { foo: 1, many: ["a", "b"] }, ignore: "*.log", safe: true },
          { path: "b.py", options: { bar: 2 } },
        ],
      },
      { "a.py": "", "b.py": "", "sub/x": "" },
    );
    link(root, "sub/link.py", "a.py");
    const { plugins } = settings(["link.py", "many=c", "new=d"], {}, [], "sub");
    expect(plugins).toEqual([
      {
        path: `${root}/sub/link.py`,
        options: [
          { name: "foo", value: 1 },
          { name: "many", value: "c" },
          { name: "new", value: "d" },
        ],
        watch: [],
        only: [],
        ignore: ["*.log"],
        call: [],
        safe: true,
      },
    ]);
    expect(paths(settings(["c.py", "../b.py"], {}, [], "sub"))).toEqual([
      `${root}/sub/c.py`,
      `${root}/b.py`,
    ]);
    expect(settings(["b.py"], {}, [], "sub").plugins[0]?.options).toEqual([
      { name: "bar", value: 2 },
    ]);
  });

  it("take the flags before what package.json says", () => {
    const { root, settings } = project({ path: "p.py", watch: "src", build: "make", safe: true });
    const flags = { watch: ["lib"], build: "ninja", safe: false };
    expect(settings([], flags, [], "sub").plugins[0]).toMatchObject({
      watch: [`${root}/sub/lib`],
      build: { command: "ninja", cwd: `${root}/sub` },
      safe: false,
    });
    expect(settings([], { build: "" }).plugins[0]?.build).toBeUndefined();
  });

  it("named twice count once", () => {
    const { root, settings } = project(undefined, { "a.py": "", "sub/x": "" });
    link(root, "b.py", "a.py");
    expect(paths(settings(["a.py", "sub/../a.py", "b.py"]))).toHaveLength(1);
  });

  it("stand in package.json once", () => {
    const { root, settings } = project(["a.py", { path: "./link.py" }], { "a.py": "" });
    link(root, "link.py", "a.py");
    const failure = failureOf(() => settings());
    expect(failure.exitCode).toBe(2);
    expect(textOf(failure)).toContain(`${root}/a.py is listed twice`);
    expect(textOf(failure)).toContain(`${root}/package.json`);
  });

  it("must be there", () => {
    const none = failureOf(() => project(undefined).settings());
    expect(none.exitCode).toBe(2);
    for (const word of ["no plugin", "no package.json", "cln-dev watch my-plugin.py", '"path"']) {
      expect(textOf(none)).toContain(word);
    }
    const { root, settings } = project({ network: "regtest" });
    expect(textOf(failureOf(() => settings()))).toContain(
      `under "cln-dev" in ${root}/package.json`,
    );
  });

  it("have options of their own when there are several", () => {
    const one = failureOf(() => project(undefined).settings(["a.py", "b.py", "foo=1"]));
    expect(one.exitCode).toBe(2);
    for (const word of ["option foo", "2 plugins", "package.json", '"options": { "foo"']) {
      expect(textOf(one)).toContain(word);
    }
    const { root, settings } = project(["a.py", "b.py"]);
    const two = failureOf(() => settings([], {}, ["foo=1"]));
    expect(textOf(two)).toContain(`${root}/package.json`);
  });
});

describe("the nodes", () => {
  it("come from package.json, relative to it", () => {
    const { root, nodes } = project(
      { path: "p.py", "lightning-dir": ["l1", "~/l2"] },
      { "l1/config": "regtest\n", "home/l2/config": "signet\n" },
    );
    expect(nodes({}, "sub")).toMatchObject({
      nodes: [
        { rpcFile: `${root}/l1/regtest/lightning-rpc`, networkNamedBy: "config" },
        { rpcFile: `${root}/home/l2/signet/lightning-rpc` },
      ],
      nodesFrom: "package.json",
    });
  });

  it("take network, rpc-file and conf from package.json; that does not name mainnet", () => {
    const { root, nodes } = project(
      { conf: "my.conf", network: "bitcoin", "rpc-file": "r" },
      {
        "my.conf": "lightning-dir=ln\n",
      },
    );
    expect(nodes().nodes).toMatchObject([
      { rpcFile: `${root}/ln/bitcoin/r`, networkNamedBy: "package.json" },
    ]);
    expect(nodes({ network: "bitcoin" }).nodes).toMatchObject([
      { rpcFile: `${root}/ln/bitcoin/r`, networkNamedBy: "command line" },
    ]);
    expect(nodes({ rpcFile: "s" }).nodes).toMatchObject([{ rpcFile: `${root}/ln/bitcoin/s` }]);
  });

  it("of the command line replace those of package.json, network and all", () => {
    const { root, nodes } = project(
      { "lightning-dir": "l1", network: "signet" },
      { "l2/config": "regtest\n" },
    );
    expect(nodes({ lightningDir: ["l2"] })).toMatchObject({
      nodes: [{ rpcFile: `${root}/l2/regtest/lightning-rpc` }],
      nodesFrom: "command line",
    });
    expect(nodes({ rpcFile: "/x/sock" }).nodes).toMatchObject([{ rpcFile: "/x/sock" }]);
  });

  it("do not need package.json where the command line names them", () => {
    const { root, nodes } = project(undefined, { "package.json": "{" });
    expect(nodes({ lightningDir: ["l1"] }).nodes).toMatchObject([{ lightningDir: `${root}/l1` }]);
    expect(textOf(failureOf(() => nodes()))).toContain(`${root}/package.json:1:2`);
  });

  it("are lightning-cli's own where nobody says anything", () => {
    const { root, nodes } = project({ path: "p.py" });
    expect(nodes()).toMatchObject({
      nodes: [{ rpcFile: `${root}/home/.lightning/bitcoin/lightning-rpc` }],
      nodesFrom: "default",
    });
  });

  it("named twice count once; an absolute rpc-file is one node only", () => {
    const { nodes } = project(undefined);
    expect(nodes({ lightningDir: ["l1", "./l1", "l2"] }).nodes).toHaveLength(2);
    const failure = failureOf(() => nodes({ lightningDir: ["l1", "l2"], rpcFile: "/x" }));
    expect(textOf(failure)).toContain("same socket");
  });

  it("give way to the embedded one", () => {
    const { root, nodes } = project(undefined);
    expect(nodes({ embedded: true })).toEqual({
      nodes: [],
      embedded: { network: "regtest" },
      nodesFrom: "command line",
    });
    expect(nodes({ embedded: true, lightningDir: ["e"] }).embedded?.lightningDir).toBe(`${root}/e`);
    for (const flags of [{ rpcFile: "/x" }, { conf: "c" }, { lightningDir: ["a", "b"] }]) {
      expect(failureOf(() => nodes({ embedded: true, ...flags })).exitCode).toBe(2);
    }
  });

  it("embedded in package.json, until the command line names another", () => {
    const { root, nodes } = project({ embedded: true, "lightning-dir": "e" });
    expect(nodes().embedded).toEqual({ lightningDir: `${root}/e`, network: "regtest" });
    expect(nodes({ embedded: true }).embedded?.lightningDir).toBe(`${root}/e`);
    expect(nodes({ lightningDir: ["l1"] }).embedded).toBeUndefined();
    expect(nodes({ network: "regtest" }).nodes).toMatchObject([
      { lightningDir: `${root}/home/.lightning` },
    ]);
  });

  it("--embedded never serves in the lightning-dir of a real node", () => {
    const { nodes } = project({ "lightning-dir": "real" });
    expect(nodes({ embedded: true }).embedded).toEqual({ network: "regtest" });
  });
});
