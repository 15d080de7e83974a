/** The package as npm packs it, in a project that has it installed. */
import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { sharedSandbox } from "../support/sandbox.js";

const REPOSITORY = join(import.meta.dirname, "../..");

const box = sharedSandbox();
let project: string;
let installed: string;
let tarballBytes: number;

beforeAll(() => {
  project = box().work;
  // The build has just been made: see vitest.config.mts.
  const pack = ["pack", "--ignore-scripts", "--json", "--pack-destination", project];
  const packed: unknown = JSON.parse(
    execFileSync("npm", pack, {
      cwd: REPOSITORY,
      // On Node 22 and later npm would keep its own compiled code in the temp folder.
      env: { ...process.env, ...box().env, NODE_DISABLE_COMPILE_CACHE: "1" },
    }).toString(),
  );
  expect(packed).toMatchObject([{ name: "cln-dev" }]);
  const tarball = join(project, readdirSync(project).find((name) => name.endsWith(".tgz")) ?? "");
  tarballBytes = statSync(tarball).size;
  installed = join(project, "node_modules/cln-dev");
  mkdirSync(installed, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", installed, "--strip-components=1"]);
  for (const name of ["vitest", "@types"]) {
    symlinkSync(join(REPOSITORY, "node_modules", name), join(project, "node_modules", name));
  }
});

function write(name: string, text: string): string {
  const path = join(project, name);
  writeFileSync(path, text);
  return path;
}

/** Runs Node in the project. @returns what it printed; it must end well */
function node(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: project,
    env: box().env,
    encoding: "utf8",
  });
  expect({ status, stderr: status === 0 ? "" : stderr + stdout }).toEqual({
    status: 0,
    stderr: "",
  });
  return stdout;
}

describe("the package", () => {
  it("is smaller than 250 kB and has nothing to run at its installation", () => {
    expect(tarballBytes).toBeLessThan(250_000);
    const { scripts, os, dependencies } = JSON.parse(
      readFileSync(join(installed, "package.json"), "utf8"),
    );
    for (const name of ["preinstall", "install", "postinstall", "prepare"]) {
      expect(scripts).not.toHaveProperty(name);
    }
    expect({ os, dependencies }).toEqual({ os: ["linux", "darwin"], dependencies: undefined });
  });

  it("has a command that runs", () => {
    expect(node(join(installed, "bin/cln-dev.js"), "--version")).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it("gives `import` and `require` the same library", () => {
    write(
      "both.mjs",
      `import { createRequire } from "node:module";
      import * as imported from "cln-dev";
      const required = createRequire(import.meta.url)("cln-dev");
      const names = Object.keys(required).sort();
      const same = names.every((name) => imported[name] === required[name]);
      console.log(JSON.stringify({ names, imported: Object.keys(imported).sort(), same }));`,
    );
    const names = [
      "Failure",
      "NodeUnreachable",
      "RpcError",
      "locateNode",
      "startEmbeddedNode",
      "startRegtest",
      "watch",
    ];
    expect(JSON.parse(node("both.mjs"))).toEqual({ names, imported: names, same: true });
  });

  it("exports the types of everything that can be reached, and no more", () => {
    const types = readFileSync(join(installed, "dist/index.d.ts"), "utf8");
    const declared = [...types.matchAll(/^(?:declare )?(?:interface|type|class|function) (\w+)/gm)];
    const exported = /^export \{ (.*) \};$/m.exec(types)?.[1]?.split(", ") ?? [];
    const names = exported.map((name) => name.replace(/^type /, ""));
    expect(declared.map(([, name]) => name).sort()).toEqual(names.sort());
    expect(types).not.toMatch(/^import /m);
  });

  it.each([
    ["an ES module", "esm.mts", "nodenext", "import { watch, type Outcome } from 'cln-dev';"],
    [
      "CommonJS",
      "cjs.cts",
      "node16",
      "import cln = require('cln-dev'); const { watch } = cln; type Outcome = import('cln-dev').Outcome;",
    ],
    ["a bundler", "bundled.ts", "bundler", "import { watch, type Outcome } from 'cln-dev';"],
  ])("has types that work in %s", (_, name, resolution, importing) => {
    write(
      name,
      `${importing}
      export async function use(): Promise<Outcome> {
        const session = await watch({ plugin: "p.py", node: { lightningDir: "/tmp" }, options: { many: ["a"], n: 1 } });
        session.on("reloaded", ({ totalMs, stopMs }) => [totalMs.toFixed(), stopMs?.toFixed()]);
        // @ts-expect-error: no event has this name
        session.on("reload", () => {});
        for await (const event of session) if (event.event === "failed") event.findings.length;
        const { greeting } = await session.node.call<{ greeting: string }>("hello", { name: "cln" });
        greeting.length;
        return session.ready;
      }`,
    );
    const module = resolution === "bundler" ? "preserve" : resolution;
    const flags = [
      "--strict",
      "--noEmit",
      "--target",
      "es2022",
      "--lib",
      "es2023",
      "--types",
      "node",
    ];
    const tsc = join(REPOSITORY, "node_modules/.bin/tsc");
    const run = spawnSync(
      tsc,
      [...flags, "--module", module, "--moduleResolution", resolution, name],
      {
        cwd: project,
        encoding: "utf8",
      },
    );
    expect(run.stdout).toBe("");
  });

  it("is used as the README and docs/api.md show it", () => {
    const files = ["README.md", "docs/api.md"].flatMap((page) => {
      const text = readFileSync(join(REPOSITORY, page), "utf8");
      return [...text.matchAll(/^```[tj]s\n(.*?)^```$/gms)].map(([, code = ""], index) =>
        write(`${page.replace("/", "-")}-${index}.mts`, code),
      );
    });
    expect(files.length).toBeGreaterThan(4);
    const flags = ["--strict", "--noEmit", "--target", "es2022", "--types", "node"];
    const tsc = join(REPOSITORY, "node_modules/.bin/tsc");
    const lib = ["--lib", "es2023,esnext.disposable"];
    const args = [...flags, ...lib, "--module", "nodenext", "--skipLibCheck", ...files];
    expect(spawnSync(tsc, args, { cwd: project, encoding: "utf8" }).stdout).toBe("");
  });

  it("works in a worker thread, also where the path of the socket is long", () => {
    const deep = join(box().folder("long-name-".repeat(12)), "node");
    write(
      "worker.mjs",
      `import { Worker, isMainThread } from "node:worker_threads";
      import { startEmbeddedNode } from "cln-dev";
      if (isMainThread) new Worker(new URL(import.meta.url));
      else {
        const node = await startEmbeddedNode({ lightningDir: ${JSON.stringify(deep)} });
        console.log((await node.call("getinfo")).network);
        await node.close();
      }`,
    );
    expect(node("worker.mjs")).toBe("regtest\n");
  });
});

describe("the examples", () => {
  beforeAll(() =>
    cpSync(join(REPOSITORY, "examples"), join(project, "examples"), { recursive: true }),
  );

  it("has tests of a plugin that run in vitest", () => {
    const vitest = join(project, "node_modules/vitest/vitest.mjs");
    expect(node(vitest, "run", "--dir", "examples/vitest")).toMatch(/3 passed/);
  });

  it("has tests of a plugin that run in Node's test runner", () => {
    expect(node("--test", "examples/node-test/hello.test.mjs")).toMatch(/pass 2/);
  });
});
