/** `cln-dev init` and the first steps after it; `cln-dev completion`. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ask, startNode } from "../../support/nodes.js";
import { has } from "../../support/plugin.js";
import { run } from "../../support/program.js";
import { sandbox } from "../../support/sandbox.js";

const languages = [
  ["--python", ".py", has("python3")],
  ["--node", ".js", true],
  ["--shell", ".sh", true],
] as const;

describe("init", () => {
  it.each(languages.filter(([, , isHere]) => isHere))(
    "%s writes a plugin that runs",
    async (flag, extension) => {
      const box = sandbox();
      const made = await run(box, ["init", "My-Tip", flag]);
      expect(made).toMatchObject({ code: 0, stderr: "" });
      expect(made.stdout.trimEnd().split("\n").at(-1)).toMatch(/^next: npm run dev,/);
      const node = await startNode(box);
      const start = await run(box, ["start", node.flag, "mytip-greeting=Moin"]);
      expect(start).toMatchObject({ code: 0 });
      expect(await ask(node, "mytip")).toEqual({ greeting: "Moin, world!" });
      const check = await run(box, ["check"]);
      expect(check).toMatchObject({ code: 0 });
      expect(check.stdout).toMatch(/1 method +1 option +1 subscription\n$/);
      expect((await run(box, ["emit", "connect", node.flag])).code).toBe(0);
      const again = await run(box, ["init", `My-Tip`, flag]);
      expect(again).toMatchObject({ code: 2, stdout: "" });
      expect(again.stderr).toMatch(
        new RegExp(`cannot write .*mytip\\${extension}: it already exists`),
      );
    },
  );

  it("adds to a package.json what it lacks, and nothing else", async () => {
    const box = sandbox();
    const file = join(box.work, "package.json");
    const before = { name: "x", scripts: { dev: "mine", test: "t" }, dependencies: { a: "1" } };
    writeFileSync(file, JSON.stringify(before, undefined, 4));
    expect(await run(box, ["init", "tip", "--json"])).toMatchObject({ code: 0 });
    const text = readFileSync(file, "utf8");
    expect(JSON.parse(text)).toEqual({
      ...before,
      "cln-dev": { path: "tip.py", embedded: true },
    });
    expect(text).toContain('\n    "scripts"');
    const second = await run(box, ["init", "other"]);
    expect(second.stdout).toMatch(/is unchanged\nnext: cln-dev watch \.\/other\.py --embedded/);
    expect(readFileSync(file, "utf8")).toBe(text);
  });

  it("names a package.json that is no file, or cannot be written, and leaves nothing", async () => {
    const box = sandbox();
    const file = join(box.work, "package.json");
    execFileSync("mkfifo", [file]);
    const pipe = await run(box, ["init", "tip"]);
    expect(pipe).toMatchObject({ code: 2, stdout: "" });
    expect(pipe.stderr).toContain("package.json: it is a named pipe, not a file");
    rmSync(file);
    symlinkSync(join(box.work, "nowhere"), file);
    const dangling = await run(box, ["init", "tip"]);
    expect(dangling).toMatchObject({ code: 2, stdout: "" });
    expect(dangling.stderr).toMatch(/cannot write .*package\.json: .*EEXIST/);
    expect(readdirSync(box.work)).toEqual(["package.json"]);
  });
});

it.skipIf(!has("bash"))("completion completes commands and their flags", async () => {
  const box = sandbox();
  const { code, stdout } = await run(box, ["completion", "bash"]);
  expect(code).toBe(0);
  const script = join(box.folder(), "completion");
  writeFileSync(script, stdout);
  const complete = (...words: readonly string[]) => {
    const line = `. ${script}; COMP_WORDS=(cln-dev "$@"); COMP_CWORD=$#; _cln_dev; echo "\${COMPREPLY[@]}"`;
    return execFileSync("bash", ["-c", line, "bash", ...words], { encoding: "utf8" }).trim();
  };
  expect(complete("res")).toBe("restart");
  expect(complete("watch", "x.py", "--stop")).toBe("--stop-on-exit");
  expect(complete("logs", "--regt")).toBe("--regtest");
  expect((await run(box, ["completion", "csh"])).stderr).toMatch(/bash, zsh, fish/);
});
