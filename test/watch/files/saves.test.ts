/** Every way to save a file: the last content is live after exactly one reload, or there is none. */
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { systemCode } from "../../../src/errors/failure.js";
import {
  ask,
  liveVersion,
  NODE_KINDS,
  startInstalled,
  startNode,
  type TestNode,
} from "../../support/nodes.js";
import { has, language, writePlugin, writeProgram } from "../../support/plugin.js";
import { Program } from "../../support/program.js";
import { sharedSandbox } from "../../support/sandbox.js";
import { until } from "../../support/until.js";

const box = sharedSandbox();
const { extension, name: languageName } = language;
const parts = { modules: ["helper"], start: language.writes("own.log") };
const code = (version: string) => language.plugin({ ...parts, version });

let node: TestNode;
let saves = 0;

/** A watched plugin and what comes of the saves of its files. */
class Desk {
  readonly #watch: Program;

  private constructor(
    readonly plugin: string,
    /** A file that belongs to the plugin and is saved to see that nothing else is under way. */
    readonly cookie: string,
    watch: Program,
  ) {
    this.#watch = watch;
  }

  static async open(plugin: string, cookie = join(dirname(plugin), `cookie${extension}`)) {
    const watch = new Program(box(), ["watch", plugin, node.flag, "--json"]);
    await watch.next("reloaded");
    return new Desk(plugin, cookie, watch);
  }

  git(...args: string[]): void {
    const who = ["-c", "user.name=t", "-c", "user.email=t@t", "-c", "init.defaultBranch=main"];
    const where = ["-C", dirname(this.plugin), ...who];
    execFileSync("git", [...where, ...args], { env: box().env, stdio: "pipe" });
  }

  /** What comes of the save before: one reload, by these files, and no more. */
  async reloads(...files: string[]): Promise<void> {
    const outcome = await this.#watch.outcome();
    expect(outcome).toMatchObject({ event: "reloaded", cause: "file", files });
    await this.isQuiet();
  }

  /** The same, if the plugin is in another folder now. */
  async reloadsAndFollows(cookie: string): Promise<void> {
    const outcome = await this.#watch.outcome();
    expect(outcome).toMatchObject({ event: "reloaded", cause: "file", files: [this.plugin] });
    await this.isQuiet(cookie);
  }

  async refuses(kind: string): Promise<void> {
    expect(await this.#watch.outcome()).toMatchObject({ event: "refused", kind });
  }

  /** Nothing has been reloaded since: the next outcome is that of a file saved only now. */
  async isQuiet(cookie = this.cookie): Promise<void> {
    writeFileSync(cookie, language.module(String(++saves)));
    const outcome = await this.#watch.outcome();
    expect(outcome).toMatchObject({ event: "reloaded", files: [cookie] });
  }

  /** All that has been saved until now has been reloaded. */
  async comesToRest(): Promise<void> {
    writeFileSync(this.cookie, language.module(String(++saves)));
    for (;;) {
      const { event, files } = await this.#watch.outcome();
      expect(event).toBe("reloaded");
      if (Array.isArray(files) && files.includes(this.cookie)) return;
    }
  }
}

/** While the kernel begins to run a file nobody may write to it: an editor says so, and one saves again. */
async function write(path: string, text: string): Promise<void> {
  await until(`${path} to be free`, () => {
    try {
      writeFileSync(path, text);
      return true;
    } catch (error) {
      if (systemCode(error) === "ETXTBSY") return false;
      throw error;
    }
  });
}

const fresh = () => `v${++saves}`;

describe.each(NODE_KINDS)("a plugin with a helper module, in a git repository, on %s", (kind) => {
  let desk: Desk;
  const path = (name: string) => join(box().work, kind, name);

  beforeAll(async () => {
    // The cache that Python makes of a module is one of the things that must not reload.
    const env = { ...box().env, PYTHONDONTWRITEBYTECODE: "" };
    node = kind === "lightningd" ? await startInstalled(box()) : await startNode(box(), { env });
    box().folder(`work/${kind}`);
    writeProgram(path(`plugin${extension}`), code("first"));
    mkdirSync(path("lib"));
    writeFileSync(path(`lib/helper${extension}`), language.module("1"));
    for (const name of ["restored", "longer", "untouched", "backup"]) {
      const file = path(name === "backup" ? name : `lib/${name}${extension}`);
      writeFileSync(file, language.module(name));
      utimesSync(file, 1_700_000_000, name === "backup" ? 1_600_000_000 : 1_700_000_000);
    }
    writeFileSync(path(".gitignore"), `ignored${extension}\n`);
    desk = await Desk.open(path(`plugin${extension}`));
  });

  it("is live when the watch begins", async () => {
    expect(await liveVersion(node)).toBe("first");
    await desk.isQuiet();
  });

  it("written in place", async () => {
    const version = fresh();
    writeFileSync(desk.plugin, code(version));
    await desk.reloads(desk.plugin);
    expect(await liveVersion(node)).toBe(version);
  });

  it("written beside it and renamed", async () => {
    const version = fresh();
    writeProgram(`${desk.plugin}.tmp`, code(version));
    renameSync(`${desk.plugin}.tmp`, desk.plugin);
    await desk.reloads(desk.plugin);
    expect(await liveVersion(node)).toBe(version);
  });

  it.skipIf(!has("vim"))("by vim, which writes a backup and renames", async () => {
    const before = String(await liveVersion(node));
    const version = fresh();
    // In a temp folder vim would make no backup.
    const set = ["set backupskip= nocompatible", `%s/"${before}"/"${version}"/`, "wq"];
    const commands = set.flatMap((command) => ["-c", command]);
    execFileSync("vim", ["-u", "NONE", "-es", ...commands, desk.plugin], { env: box().env });
    await desk.reloads(desk.plugin);
    expect(await liveVersion(node)).toBe(version);
  });

  it("by sed -i", async () => {
    const before = String(await liveVersion(node));
    const version = fresh();
    execFileSync("sed", ["-i.bak", `s/"${before}"/"${version}"/`, desk.plugin]);
    await desk.reloads(desk.plugin);
    expect(await liveVersion(node)).toBe(version);
  });

  it.skipIf(!has("git"))("by git checkout, again and again", async () => {
    desk.git("init", "-q");
    desk.git("add", `plugin${extension}`);
    desk.git("commit", "-q", "-m", "old");
    desk.git("branch", "old");
    const old = await liveVersion(node);
    const version = fresh();
    writeFileSync(desk.plugin, code(version));
    desk.git("commit", "-q", "-a", "-m", "new");
    await desk.reloads(desk.plugin);
    for (const [branch, content] of [
      ["old", old],
      ["main", version],
      ["old", old],
    ]) {
      desk.git("checkout", "-q", "-f", String(branch));
      await desk.reloads(desk.plugin);
      expect(await liveVersion(node)).toBe(content);
    }
  });

  it("by cp over it", async () => {
    const version = fresh();
    writeFileSync(path("other"), code(version));
    execFileSync("cp", [path("other"), desk.plugin]);
    await desk.reloads(desk.plugin);
    expect(await liveVersion(node)).toBe(version);
  });

  it("touched", async () => {
    execFileSync("touch", [desk.plugin]);
    await desk.reloads(desk.plugin);
  });

  it("deleted, and made again once that was noticed", async () => {
    rmSync(desk.plugin);
    await desk.refuses("plugin-missing");
    const version = fresh();
    writeProgram(desk.plugin, code(version));
    await desk.reloads(desk.plugin);
    expect(await liveVersion(node)).toBe(version);
  });

  it("made anew without its mode, which follows when that was noticed", async () => {
    rmSync(desk.plugin);
    await desk.refuses("plugin-missing");
    const version = fresh();
    writeFileSync(desk.plugin, code(version));
    await desk.refuses("plugin-not-executable");
    chmodSync(desk.plugin, 0o755);
    await desk.reloads(desk.plugin);
    expect(await liveVersion(node)).toBe(version);
  });

  it("deleted, made again and chmod +x in one go", async () => {
    const version = fresh();
    writeFileSync(path("other"), code(version));
    const script = `rm "$1"; cat "$2" > "$1"; chmod +x "$1"`;
    execFileSync("sh", ["-c", script, "sh", desk.plugin, path("other")]);
    await desk.reloads(desk.plugin);
    expect(await liveVersion(node)).toBe(version);
  });

  it("by a writer who takes 300 ms for it", async () => {
    const version = fresh();
    const text = Buffer.from(code(version));
    const file = await open(desk.plugin, "w");
    const chunk = Math.ceil(text.length / 6);
    for (let at = 0; at < text.length; at += chunk) {
      await file.write(text.subarray(at, at + chunk));
      // Here the time is what is tested.
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    await file.close();
    await desk.reloads(desk.plugin);
    expect(await liveVersion(node)).toBe(version);
  });

  it("many times in a row: the last one is live", async () => {
    let version = "";
    for (let count = 0; count < 20; count++) {
      version = fresh();
      await write(desk.plugin, code(version));
      await new Promise((resolve) => setTimeout(resolve, 7));
    }
    await desk.comesToRest();
    expect(await liveVersion(node)).toBe(version);
  });

  it("a helper module in a folder below", async () => {
    writeFileSync(path(`lib/helper${extension}`), language.module(fresh()));
    await desk.reloads(path(`lib/helper${extension}`));
  });

  it("a helper module by `cp -p`, with a time from long before the watch", async () => {
    const restored = path(`lib/restored${extension}`);
    execFileSync("cp", ["-p", path("backup"), restored]);
    await desk.reloads(restored);
  });

  it("a helper module with more bytes and the time of before", async () => {
    const longer = path(`lib/longer${extension}`);
    writeFileSync(longer, language.module("longer than before"));
    utimesSync(longer, 1_700_000_000, 1_700_000_000);
    await desk.reloads(longer);
  });

  it("a new file of its language, in a new folder", async () => {
    mkdirSync(path("more/deep"), { recursive: true });
    writeFileSync(path(`more/deep/new${extension}`), language.module(fresh()));
    await desk.reloads(path(`more/deep/new${extension}`));
    writeFileSync(path(`more/deep/new${extension}`), language.module(fresh()));
    await desk.reloads(path(`more/deep/new${extension}`));
  });

  it("no reload: what .gitignore names, what is no code, and what the plugin writes itself", async () => {
    writeFileSync(path(`ignored${extension}`), "1");
    writeFileSync(path("data.json"), "{}");
    appendFileSync(path("own.log"), "more\n");
    mkdirSync(path("node_modules/x"), { recursive: true });
    writeFileSync(path(`node_modules/x/index${extension}`), "1");
    mkdirSync(path("__pycache__"), { recursive: true });
    writeFileSync(path(`__pycache__/x${extension}`), "1");
    await desk.isQuiet();
    expect(readFileSync(path("own.log"), "utf8")).toMatch(/^x\n/);
  });

  it("no reload: the mode of a module", async () => {
    chmodSync(path(`lib/untouched${extension}`), 0o600);
    await desk.isQuiet();
  });

  const writesCache = languageName === "python" && kind === "embedded";
  it.skipIf(!writesCache)("no reload: Python's cache of a module", async () => {
    expect(() => readFileSync(path("lib/__pycache__"))).toThrow("EISDIR");
    rmSync(path("lib/__pycache__"), { recursive: true });
    await desk.isQuiet();
  });

  it("no reload: the plugin read, and its folder listed", async () => {
    readFileSync(desk.plugin);
    readdirSync(dirname(desk.plugin));
    await desk.isQuiet();
  });
});

describe("a plugin behind symlinks", () => {
  let desk: Desk;
  const path = (name: string) => join(box().root, name);
  const running = async () => {
    const { plugins } = await ask(node, "plugin", ["list"]);
    return (plugins as { name: string }[]).map(({ name }) => name);
  };

  beforeAll(async () => {
    node = await startNode(box());
    for (const name of ["one", "two", "three"]) writePlugin(box().folder(name), { version: name });
    box().folder("links");
    symlinkSync(path("one"), path("links/current"));
    symlinkSync(`current/plugin${extension}`, path(`links/linked${extension}`));
    desk = await Desk.open(path(`links/linked${extension}`), path(`one/cookie${extension}`));
  });

  it("is live when the watch begins", async () => {
    expect(await liveVersion(node)).toBe("one");
    await desk.isQuiet();
  });

  it("whose target is written", async () => {
    writePlugin(path("one"), { version: "one, changed" });
    await desk.reloads(desk.plugin);
    expect(await liveVersion(node)).toBe("one, changed");
  });

  it("of which one on the way, a folder, is switched", async () => {
    symlinkSync(path("two"), path("links/next"));
    renameSync(path("links/next"), path("links/current"));
    await desk.reloadsAndFollows(path(`two/cookie${extension}`));
    expect(await liveVersion(node)).toBe("two");
    expect(await running()).not.toContain(path(`one/plugin${extension}`));
  });

  it("of which the last one is taken away and made anew", async () => {
    const script = `ln -sfn "$1" "$2"`;
    const names = [path(`three/plugin${extension}`), desk.plugin];
    execFileSync("sh", ["-c", script, "sh", ...names]);
    await desk.reloadsAndFollows(path(`three/cookie${extension}`));
    expect(await liveVersion(node)).toBe("three");
    expect(await running()).not.toContain(path(`two/plugin${extension}`));
  });

  it("whose new target is written", async () => {
    writePlugin(path("three"), { version: "three, changed" });
    await desk.reloadsAndFollows(path(`three/cookie${extension}`));
    expect(await liveVersion(node)).toBe("three, changed");
  });
});
