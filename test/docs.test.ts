/** What the README and docs/ say is so: commands run, settings are accepted, links lead somewhere. */
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { resolveSettings } from "../src/settings/resolve.js";
import { startNode, type TestNode } from "./support/nodes.js";
import { has, language, writePlugin, writeProgram } from "./support/plugin.js";
import { BIN, Program, type RunOptions } from "./support/program.js";
import { type Sandbox, sandbox, sharedSandbox } from "./support/sandbox.js";

const REPOSITORY = join(import.meta.dirname, "..");

interface Block {
  readonly page: string;
  readonly language: string;
  readonly text: string;
}

const pages = ["README.md", ...readdirSync(join(REPOSITORY, "docs")).map((name) => `docs/${name}`)]
  .filter((page) => page.endsWith(".md"))
  .map((page) => ({ page, text: readFileSync(join(REPOSITORY, page), "utf8") }));

const blocks: readonly Block[] = pages.flatMap(({ page, text }) =>
  [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = "", code = ""]) => ({
    page,
    language,
    text: code,
  })),
);

function blockOf(page: string, language: string, part = ""): string {
  const block = blocks.find(
    (one) => one.page === page && one.language === language && one.text.includes(part),
  );
  if (block === undefined) throw new Error(`${page} has no such ${language} block`);
  return block.text;
}

describe("links", () => {
  it.each(pages)("of $page lead somewhere", ({ page, text }) => {
    const prose = text.replace(/^```.*?^```$/gms, "");
    for (const [link, path = "", anchor = ""] of prose.matchAll(/\]\(([^)#:]*)#?([^):]*)\)/g)) {
      const target = path === "" ? join(REPOSITORY, page) : join(REPOSITORY, dirname(page), path);
      expect(existsSync(target), link).toBe(true);
      if (anchor !== "") expect(anchorsIn(readFileSync(target, "utf8")), link).toContain(anchor);
    }
  });
});

/** As GitHub makes them. */
function anchorsIn(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}

/** Every line with cln-dev in a block of shell, without its comment. */
const commands = blocks
  .filter((block) => block.language === "sh")
  .flatMap(({ page, text }) =>
    text
      .split("\n")
      .map((line) => line.replace(/\s+#.*$/, "").replace(/^npx /, ""))
      .filter((line) => line.startsWith("cln-dev "))
      .map((line) => ({ page, line })),
  )
  // They have tests of their own, with the nodes that they need.
  .filter(({ page }) => !["docs/regtest.md", "docs/hot-mode.md"].includes(page))
  .filter(({ line }) => !/regtest (\d|pay|mine)|cln-dev-regtest/.test(line));

describe("commands", () => {
  const box = sharedSandbox();
  let node: TestNode;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    const { work } = box();
    const bin = box().folder("bin");
    env = { PATH: `${bin}:${box().env.PATH}` };
    writeProgram(join(bin, "cln-dev"), `#!/bin/sh\nexec ${process.execPath} ${BIN} "$@"\n`);
    writeProgram(join(bin, "cargo"), "#!/bin/sh\n");
    const options = { options: ["foo_opt"], methods: ["myplugin"] };
    const plugin = writePlugin(work, options, "myplugin");
    for (const path of ["myplugin.py", "hello.py", "target/debug/myplugin"]) {
      if (join(work, path) !== plugin) writeProgram(join(work, path), language.plugin(options));
    }
    node = await startNode(box());
  });

  /** As in the user's shell, with the node of the test for the one that the page names. */
  function inShell(line: string): Program {
    const ours = line.replaceAll("/tmp/l1-regtest", node.lightningDir);
    const args = ["-c", `exec ${ours.replace("/tmp/l2", box().folder())}`];
    return new Program(box(), args, { program: "/bin/sh", env });
  }

  /** What stays until it is ended, and what it prints when it is ready. */
  const STAYING: readonly [RegExp, RegExp][] = [
    [/^cln-dev (watch|\.\/)/, /✓/],
    [/^cln-dev node/, /embedded node on/],
  ];

  it.each(commands.filter(({ line }) => STAYING.some(([pattern]) => pattern.test(line))))(
    "$page: $line",
    async ({ line }) => {
      const program = inShell(line);
      const ready = STAYING.find(([pattern]) => pattern.test(line))?.[1] ?? /./;
      await program.prints(ready);
      expect(await program.end()).toMatchObject({ code: 0 });
    },
  );

  describe("beside a watch", () => {
    it.each(commands.filter(({ line }) => !STAYING.some(([pattern]) => pattern.test(line))))(
      "$page: $line",
      async ({ line }) => {
        const watch = inShell("cln-dev watch ./myplugin.py --embedded");
        await watch.prints(/✓/);
        const { code, stderr } = await inShell(line).ended;
        expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
        await watch.end();
      },
    );
  });

  it("of npm are scripts of the package", () => {
    const { scripts } = JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8"));
    for (const { page, text } of pages) {
      for (const [command, name = ""] of text.matchAll(/npm run ([\w:]+)/g)) {
        if (name !== "dev") expect(scripts, `${page}: ${command}`).toHaveProperty(name);
      }
    }
  });

  it("`npm run demo` shows a save by itself", () => {
    const demo = spawnSync(process.execPath, [join(REPOSITORY, "scripts/demo.mjs")], {
      env: { ...box().env, CI: "true" },
      encoding: "utf8",
    });
    expect(demo).toMatchObject({ status: 0, stdout: expect.stringContaining("Good morning") });
  });
});

describe("settings", () => {
  const settings = blocks.filter(
    ({ language, text }) => language === "json" && text.includes('"cln-dev":'),
  );

  it.each(settings)("of $page are accepted", ({ text }) => {
    const { work, home } = sandbox();
    writeFileSync(join(work, "package.json"), text);
    const surroundings = { home, cwd: work };
    const flags = { lightningDir: [] };
    const read = resolveSettings({ flags, args: [], options: [], surroundings, command: "watch" });
    expect(read.plugins.length).toBeGreaterThan(0);
  });
});

describe("editors", () => {
  const PAGE = "docs/editors-and-ci.md";

  /** What `restart` prints for a plugin with a fault in its third line. */
  async function reportOf(box: Sandbox, options?: RunOptions) {
    const plugin = writeProgram(
      join(box.work, `plugin${language.extension}`),
      `${language.plugin().split("\n")[0]}\n\n${language.fails("broken")}\n`,
    );
    const program = new Program(box, ["watch", plugin, "--embedded"], options);
    await program.prints(/plugin\.\w+:3/);
    const { stdout } = await program.end();
    return { plugin, report: stdout };
  }

  it("VS Code's problem matcher finds the fault", async () => {
    const { tasks } = JSON.parse(blockOf(PAGE, "json", "problemMatcher"));
    const { pattern, background } = tasks[0].problemMatcher;
    const { plugin, report } = await reportOf(sandbox());
    const found = report
      .split("\n")
      .map((line) => new RegExp(pattern.regexp).exec(line))
      .find((match) => match !== null);
    expect([found?.[pattern.file], found?.[pattern.line]]).toEqual([plugin, "3"]);
    expect(report).toMatch(new RegExp(background.beginsPattern));
  });

  it.runIf(has("vim"))("vim's errorformat finds the fault", async () => {
    const box = sandbox();
    const { plugin, report } = await reportOf(box);
    const file = (name: string, text: string) => {
      const path = join(box.work, name);
      writeFileSync(path, text);
      return path;
    };
    const script = file(
      "quickfix.vim",
      `${blockOf(PAGE, "vim")}
      cgetfile ${file("report.txt", report)}
      let found = map(filter(getqflist(), 'v:val.valid'), 'bufname(v:val.bufnr) . ":" . v:val.lnum')
      call writefile(found, "${box.work}/found.txt")
      qa!`,
    );
    spawnSync("vim", ["-u", "NONE", "-es", "-S", script], { cwd: "/", env: box.env });
    const found = readFileSync(join(box.work, "found.txt"), "utf8").split("\n");
    expect(found[0]?.replace(/^\/?/, "/")).toBe(`${plugin}:3`);
  });

  it.runIf(language.name === "python")("pytest's fixture starts a node with the plugin", () => {
    const box = sandbox();
    const bin = box.folder("bin");
    writeProgram(join(bin, "npx"), `#!/bin/sh\nshift\nexec ${process.execPath} ${BIN} "$@"\n`);
    writeProgram(join(box.work, "myplugin.py"), language.plugin({ methods: ["myplugin"] }));
    chmodSync(join(box.work, "myplugin.py"), 0o755);
    writeFileSync(join(box.work, "pytest.py"), "fixture = lambda function: function\n");
    const use = `fixture = node("${box.folder()}")\nstarted = next(fixture)\nprint(call(started, "myplugin"))\nnext(fixture, None)\n`;
    writeFileSync(join(box.work, "use.py"), `${blockOf(PAGE, "python")}\n${use}`);
    const env = { ...box.env, PATH: `${bin}:${box.env.PATH}` };
    const printed = execFileSync("python3", ["use.py"], { cwd: box.work, env }).toString();
    expect(printed).toBe("{}\n");
  });
});
