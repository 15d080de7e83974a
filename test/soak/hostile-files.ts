/** Files that lie: times, caches, cycles, crowds, other users' files. Each time what was saved is live. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Desk } from "../lab/desk.js";
import { PROGRAM, pause, pythonPath } from "../lab/lab.js";
import { type Claim, leftOut } from "../lab/report.js";
import { Watch } from "../lab/watch.js";
import type { SoakOptions } from "./part.js";

const LIVE_MS = 5_000;
/** A user that is not us, and that needs not exist. */
const STRANGER = "61001";

export async function hostileFiles(options: SoakOptions): Promise<Claim[]> {
  const claims: Claim[] = [];
  for (const part of [bytecode, fileTimes, cycles, crowd, writesItself, foreignFiles]) {
    claims.push(...(await part(options)));
  }
  return claims;
}

/** Python takes a cached module for the saved one where second and size are the same. */
async function bytecode({ lab, node, script, scaled }: SoakOptions): Promise<Claim[]> {
  const rounds = scaled(20);
  const claim = `a Python module saved twice within a second, ${rounds} times: the last one runs`;
  if (pythonPath() === undefined) return [leftOut(claim, "no python3")];
  const desk = new Desk(script, join(lab.folder(), "plugin"));
  const env = { PYTHONDONTWRITEBYTECODE: undefined };
  const watch = await Watch.open(lab, [desk.plugin, node.flag], env);
  let stale = 0;
  for (let round = 0; round < rounds; round++) {
    while (Date.now() % 1_000 > 100) await pause(5);
    for (const kind of ["in place", "by rename"] as const) {
      desk.save(kind, "helper");
      if (!(await desk.live(LIVE_MS))) stale++;
    }
  }
  await watch.end();
  return [{ claim, ok: stale === 0, found: stale === 0 ? "" : `${stale} stale` }];
}

async function fileTimes({ lab, node, script }: SoakOptions): Promise<Claim[]> {
  const desk = new Desk(script, join(lab.folder(), "plugin"));
  const watch = await Watch.open(lab, [desk.plugin, node.flag]);
  const late: string[] = [];
  for (const [name, seconds] of [
    ["an hour ahead", 3_600],
    ["30 years ago", -1e9],
    ["now", 0],
  ] as const) {
    desk.save("by rename");
    const time = Date.now() / 1000 + seconds;
    utimesSync(desk.plugin, time, time);
    if (!(await desk.live(LIVE_MS))) late.push(name);
  }
  await watch.end();
  return [
    {
      claim: "file times ahead of the clock and long ago: each save is live",
      ok: late.length === 0,
      found: late.join(", "),
    },
  ];
}

async function cycles({ lab, node, script }: SoakOptions): Promise<Claim[]> {
  const desk = new Desk(script, join(lab.folder(), "plugin"));
  symlinkSync(".", join(desk.folder, "self"));
  symlinkSync("..", join(desk.folder, "parent"));
  mkdirSync(join(desk.folder, "a"));
  mkdirSync(join(desk.folder, "b"));
  symlinkSync("../b", join(desk.folder, "a/b"));
  symlinkSync("../a", join(desk.folder, "b/a"));
  const watch = await Watch.open(lab, [desk.plugin, node.flag]);
  desk.save("in place");
  const live = await desk.live(LIVE_MS);
  const { memoryMib } = watch;
  await watch.end();
  const ok = live !== undefined && memoryMib < 150;
  return [{ claim: "symlinks in circles: a save is live", ok, found: live ? "" : "not live" }];
}

/** As a checkout of another branch. */
async function crowd({ lab, node, script, scaled }: SoakOptions): Promise<Claim[]> {
  const files = scaled(3_000);
  const desk = new Desk(script, join(lab.folder(), "plugin"));
  const watch = await Watch.open(lab, [desk.plugin, node.flag]);
  const ending = script.fileName.replace(/^.*\./, "");
  const writeAll = () => {
    for (let file = 0; file < files; file++) {
      const folder = join(desk.folder, `part${file % 50}`);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, `module${file}.${ending}`), "");
    }
  };
  writeAll();
  desk.save("in place");
  const made = await desk.live(3 * LIVE_MS);
  for (let part = 0; part < 50; part++)
    rmSync(join(desk.folder, `part${part}`), { recursive: true, force: true });
  desk.save("by rename");
  const removed = await desk.live(3 * LIVE_MS);
  await watch.end();
  return [
    {
      claim: `${files} files made and removed beside the plugin: the save after that is live`,
      ok: made !== undefined && removed !== undefined,
      found: `${made ? "" : "not live when made "}${removed ? "" : "not live when removed"}`,
    },
  ];
}

async function writesItself({ lab, node }: SoakOptions): Promise<Claim[]> {
  const claim =
    "a plugin that writes its own module at each start: an outcome comes, and the loop ends";
  const python = pythonPath();
  if (python === undefined) return [leftOut(claim, "no python3")];
  const folder = lab.folder();
  const plugin = join(folder, "plugin.py");
  writeFileSync(plugin, `#!${python}\n${WRITES_ITSELF}`, { mode: 0o755 });
  const watch = await Watch.open(lab, [plugin, node.flag]);
  await pause(5_000);
  const begun = () => watch.events.filter(({ event }) => event === "reloading").length;
  const before = begun();
  await pause(3_000);
  const after = begun();
  await watch.end();
  return [
    { claim, ok: after === before, found: `${before} reloads, then ${after - before} in 3 s` },
  ];
}

const WRITES_ITSELF = `import json, os, sys, time
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "version.py"), "w") as module:
    module.write(f"BUILT = {time.time()}\\n")
for line in sys.stdin:
    if line.strip():
        request = json.loads(line)
        result = {"options": [], "rpcmethods": [], "dynamic": True} if request["method"] == "getmanifest" else {}
        if "id" in request:
            print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}), "\\n", flush=True)
`;

/** In the shared temp folder and above the working directory. */
async function foreignFiles({ lab }: SoakOptions): Promise<Claim[]> {
  const claims: Claim[] = [];
  const give = (path: string) => execFileSync("chown", ["-R", STRANGER, path], { stdio: "pipe" });
  const cases: readonly { readonly name: string; readonly lay: (temp: string) => void }[] = [
    {
      name: "a node's folder of another user in the temp folder",
      lay: (temp) => {
        const folder = join(temp, "cln-dev-node-x/regtest");
        mkdirSync(folder, { recursive: true });
        writeFileSync(join(folder, "cln-dev-plugin-processes"), `+ ${process.pid} x 1\n`);
        give(join(temp, "cln-dev-node-x"));
      },
    },
    {
      name: "a FIFO as lightningd's config",
      lay: (temp) => {
        const folder = join(temp, "l1-regtest");
        mkdirSync(folder, { recursive: true });
        execFileSync("mkfifo", [join(folder, "config")]);
        give(folder);
      },
    },
    {
      name: "a package.json of another user above",
      lay: (temp) => {
        writeFileSync(
          join(temp, "package.json"),
          '{"cln-dev":{"path":"x","build":"touch harmed"}}',
        );
        give(join(temp, "package.json"));
      },
    },
  ];
  for (const { name, lay } of cases) {
    const claim = `${name}: a command ends in time and runs nothing of it`;
    const temp = lab.folder();
    const cwd = join(temp, "work");
    mkdirSync(cwd);
    try {
      lay(temp);
    } catch {
      claims.push(leftOut(claim, "only root can give files away"));
      continue;
    }
    const run = spawnSync(
      process.execPath,
      [PROGRAM, "list", "--lightning-dir", join(temp, "l1-regtest")],
      {
        env: { ...lab.env, TMPDIR: temp },
        cwd,
        encoding: "utf8",
        timeout: 10_000,
      },
    );
    claims.push({ claim, ok: run.status === 3 || run.status === 2, found: `exit ${run.status}` });
  }
  return claims;
}
