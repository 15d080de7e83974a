/** Plugins that behave badly: the watch goes on, and the next good version runs. */
import { writeFileSync } from "node:fs";
import { Desk } from "../lab/desk.js";
import { pause, pythonPath } from "../lab/lab.js";
import type { Claim } from "../lab/report.js";
import { Watch } from "../lab/watch.js";
import { instancesOf } from "./instances.js";
import type { SoakOptions } from "./part.js";

const ROUNDS = 10;
const LIVE_MS = 5_000;

/** Each is put into a good plugin, before it reads its first line; `spell` is Node's or Python's. */
const BAD: readonly { readonly name: string; readonly js: string; readonly py: string }[] = [
  {
    name: "hangs in getmanifest",
    js: "setInterval(() => {}, 1000); return;",
    py: "time.sleep(3600)",
  },
  {
    name: "hangs in init",
    js: 'if (method === "init") { setInterval(() => {}, 1000); return; }',
    py: 'if request["method"] == "init": time.sleep(3600)',
  },
  {
    name: "dies before it answers",
    js: "process.exit(3);",
    py: "os._exit(3)",
  },
  {
    name: "dies soon after its start",
    js: "setTimeout(() => process.exit(3), Math.random() * 100);",
    py: "import random, threading; threading.Timer(random.random() / 10, lambda: os._exit(3)).start()",
  },
  {
    name: "ignores the end of its stdin and signals",
    js: 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000);',
    py: "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)",
  },
  {
    name: "forks a child that holds its stdout",
    js: 'require("node:child_process").spawn("sleep", ["2"], { stdio: "inherit" });',
    py: 'import subprocess; subprocess.Popen(["sleep", "2"])',
  },
  {
    name: "prints what is not JSON",
    js: 'process.stdout.write("hello\\n{}\\n");',
    py: 'print("hello\\n{}", flush=True)',
  },
];

export async function badPlugins({ lab, node, script, scaled }: SoakOptions): Promise<Claim[]> {
  const python = pythonPath() !== undefined;
  const rounds = scaled(ROUNDS);
  const desk = new Desk(script, `${lab.folder()}/plugin`);
  const watch = await Watch.open(lab, [desk.plugin, node.flag]);
  const claims: Claim[] = [];
  for (const { name, js, py } of BAD) {
    let lost = 0;
    for (let round = 0; round < rounds; round++) {
      const good = desk.content().toString("utf8");
      const bad = python
        ? good.replace(/^( {4}request = .*)$/m, `$1\n    ${py}`)
        : good.replace(/^( {4}const \{ id, method \} = .*)$/m, `$1\n    ${js}`);
      writeFileSync(desk.plugin, bad);
      await pause(200);
      desk.save("in place");
      if (!(await desk.live(LIVE_MS))) lost++;
    }
    await pause(300);
    const left = instancesOf(desk.plugin).length;
    claims.push({
      claim: `a plugin that ${name}: the next version runs, alone`,
      ok: lost === 0 && left === 1 && watch.alive,
      found: lost === 0 && left === 1 ? "" : `${lost} of ${rounds} lost, ${left} run at the end`,
    });
  }
  await watch.end();
  return claims;
}
