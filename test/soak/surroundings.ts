/** What the machine may do to a watch: folders that go, limits that are reached. */
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Desk } from "../lab/desk.js";
import { PROGRAM, pause } from "../lab/lab.js";
import { type Claim, leftOut } from "../lab/report.js";
import { Watch } from "../lab/watch.js";
import type { SoakOptions } from "./part.js";

const LIVE_MS = 3_000;

export async function surroundings(options: SoakOptions): Promise<Claim[]> {
  const claims: Claim[] = [];
  for (const part of [folderGone, inotifyLimits, oddEnvironments, foreignFolder]) {
    claims.push(...(await part(options)));
  }
  return claims;
}

async function folderGone({ lab, node, script, scaled }: SoakOptions): Promise<Claim[]> {
  const rounds = scaled(20);
  const parent = lab.folder();
  const desk = new Desk(script, join(parent, "plugin"));
  const watch = await Watch.open(lab, [desk.plugin, node.flag]);
  let lost = 0;
  for (let round = 0; round < rounds; round++) {
    const aside = join(parent, "aside");
    renameSync(desk.folder, aside);
    await pause(round % 2 === 0 ? 20 : 600);
    if (round % 3 === 0) {
      // Made again, not moved back.
      rmSync(aside, { recursive: true });
      mkdirSync(desk.folder);
      if (script.helperName) desk.save("in place", "helper");
    } else {
      renameSync(aside, desk.folder);
    }
    desk.save("in place");
    if (!(await desk.live(LIVE_MS))) lost++;
    desk.save("by rename");
    if (!(await desk.live(LIVE_MS))) lost++;
  }
  await watch.end();
  return [
    {
      claim: `the folder removed and put back ${rounds} times: what is saved in it is live`,
      ok: lost === 0,
      found: lost === 0 ? "" : `${lost} lost`,
    },
  ];
}

/** The limits are those of a separate user namespace: no other watch suffers. */
async function inotifyLimits({ lab, node, script }: SoakOptions): Promise<Claim[]> {
  const claims: Claim[] = [];
  for (const limit of ["max_inotify_instances", "max_inotify_watches"]) {
    const claim = `inotify's limit reached (${limit}): it says so and polls`;
    const file = `/proc/sys/user/${limit}`;
    if (spawnSync("unshare", ["-Ur", "sh", "-c", `echo 0 > ${file}`]).status !== 0) {
      claims.push(leftOut(claim, "no user namespaces here"));
      continue;
    }
    const desk = new Desk(script, join(lab.folder(), "plugin"));
    const command = `echo 0 > ${file}; exec '${process.execPath}' '${PROGRAM}' watch --json '${desk.plugin}' '${node.flag}'`;
    const watch = Watch.of(lab, "unshare", ["-Ur", "sh", "-c", command]);
    const said = await watch.says(LIVE_MS, ({ event, message }) => {
      return event === "notice" && String(message).includes("inotify");
    });
    await watch.says(LIVE_MS, ({ event }) => event === "reloaded");
    desk.save("in place");
    const first = await desk.live(LIVE_MS);
    desk.save("by rename");
    const second = await desk.live(LIVE_MS);
    await watch.end();
    claims.push({
      claim,
      ok: said && first !== undefined && second !== undefined,
      found: said ? (first && second ? "" : "not live") : `it said nothing ${watch.stderr}`,
    });
  }
  return claims;
}

async function oddEnvironments({ lab, node, script }: SoakOptions): Promise<Claim[]> {
  const readOnly = lab.folder();
  chmodSync(readOnly, 0o500);
  const environments: readonly { readonly name: string; readonly env: NodeJS.ProcessEnv }[] = [
    { name: "a read-only home", env: { HOME: readOnly } },
    { name: "a home that is not there", env: { HOME: join(readOnly, "nobody") } },
    { name: "no HOME", env: { HOME: undefined } },
    { name: "no XDG_RUNTIME_DIR", env: { XDG_RUNTIME_DIR: undefined } },
    { name: "an XDG_RUNTIME_DIR that is not there", env: { XDG_RUNTIME_DIR: `${readOnly}/none` } },
  ];
  const claims: Claim[] = [];
  for (const { name, env } of environments) {
    const desk = new Desk(script, join(lab.folder(), "plugin"));
    const whole = { ...lab.env, ...env };
    const watch = await Watch.open(lab, [desk.plugin, node.flag], env);
    const restart = spawnSync(process.execPath, [PROGRAM, "restart", desk.plugin, "--json"], {
      env: whole,
      encoding: "utf8",
    });
    desk.save("by rename");
    const live = await desk.live(LIVE_MS);
    await watch.end();
    const bySession = restart.stdout.includes('"cause":"command"');
    claims.push({
      claim: `${name}: watch and restart work`,
      ok: live !== undefined && restart.status === 0 && bySession,
      found: restart.stderr.slice(0, 100),
    });
  }
  return claims;
}

async function foreignFolder({ lab, node, script }: SoakOptions): Promise<Claim[]> {
  const desk = new Desk(script, join(lab.folder(), "plugin"));
  const claims: Claim[] = [];
  const spoil: readonly { readonly name: string; readonly how: (folder: string) => void }[] = [
    { name: "that others may enter", how: (folder) => chmodSync(folder, 0o777) },
    {
      name: "of somebody else",
      how: (folder) => execFileSync("chown", ["12345", folder], { stdio: "pipe" }),
    },
  ];
  for (const { name, how } of spoil) {
    const claim = `a folder for control sockets ${name}: not used`;
    const runtime = lab.folder();
    const folder = join(runtime, "cln-dev");
    mkdirSync(folder, { mode: 0o700 });
    try {
      how(folder);
    } catch {
      claims.push(leftOut(claim, "only root can give a folder away"));
      continue;
    }
    const run = spawnSync(process.execPath, [PROGRAM, "watch", desk.plugin, node.flag], {
      env: { ...lab.env, XDG_RUNTIME_DIR: runtime },
      encoding: "utf8",
      timeout: 5_000,
    });
    const ok = run.stdout.includes("cannot open the control socket");
    claims.push({ claim, ok, found: ok ? "" : run.stdout.slice(0, 500) });
  }
  return claims;
}
