/** Disks that fill: the one of the plugin, of the control sockets, of temp files, of the node's log. */
import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Desk } from "../lab/desk.js";
import { pythonPath, within } from "../lab/lab.js";
import { type Claim, leftOut } from "../lab/report.js";
import { Watch } from "../lab/watch.js";
import type { SoakOptions } from "./part.js";
import { canMountInNamespace, type SmallDisk, smallDisk } from "./small-disk.js";

const ROUNDS = 10;
const LIVE_MS = 5_000;
const REPORT_MS = 10_000;

const SAVED =
  "the disk full in the middle of a save: it is reported, and with room again the next is live";
const CONTROL = "no room for a control socket: it is reported, and the watch works";
const TEMP = "no room for temp files: a broken save is reported, and the next is live";
const LOG =
  "no room for the embedded node's log: it is reported, and the log continues with room again";

export async function fullDisk(options: SoakOptions): Promise<readonly Claim[]> {
  const probe = smallDisk(options.lab.folder(), "size=64k");
  if (probe === undefined) return inNamespace(options);
  probe.unmount();
  const claims: Claim[] = [];
  for (const part of [save, controlSocket, tempFiles, nodeLog]) claims.push(await part(options));
  return claims;
}

/** This part again, if we may mount. */
function inNamespace({ lab, again }: SoakOptions): readonly Claim[] {
  const why = "no right to mount a small disk, and no namespaces to do it in";
  const left = [SAVED, CONTROL, TEMP, LOG].map((claim) => leftOut(claim, why));
  if (process.env.SOAK_IN_NAMESPACE !== undefined || !canMountInNamespace(lab.folder()))
    return left;
  const run = spawnSync("unshare", ["-Urm", process.execPath, ...again("full-disk")], {
    env: { ...process.env, SOAK_IN_NAMESPACE: "1" },
    encoding: "utf8",
  });
  try {
    return JSON.parse(run.stdout).claims;
  } catch {
    return [{ claim: SAVED, ok: false, found: run.stderr.slice(-200) }];
  }
}

/** A disk on its own folder, as long as it is used. */
async function onDisk<T>(
  folder: string,
  options: string,
  use: (disk: SmallDisk) => Promise<T>,
): Promise<T> {
  mkdirSync(folder, { recursive: true });
  const disk = smallDisk(folder, options);
  if (disk === undefined) throw new Error(`no disk on ${folder}`);
  try {
    return await use(disk);
  } finally {
    disk.unmount();
  }
}

/** Saves as an editor does: emptied, then written until there is no more room. */
function saveOnFull(path: string, content: Buffer, disk: SmallDisk, halfWay: boolean): boolean {
  const file = openSync(path, "w", 0o755);
  try {
    // What the file itself held is taken by somebody else, or left for its first part.
    if (!halfWay) disk.fill();
    for (let at = 0; at < content.length; ) at += writeSync(file, content, at);
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ENOSPC";
  } finally {
    closeSync(file);
  }
}

async function save({ lab, node, script, scaled }: SoakOptions): Promise<Claim> {
  const rounds = scaled(ROUNDS);
  const folder = join(lab.folder(), "plugin");
  return onDisk(folder, "size=64k", async (disk) => {
    const desk = new Desk(script, folder);
    const watch = await Watch.open(lab, [desk.plugin, node.flag]);
    const comment = pythonPath() === undefined ? "//" : "#";
    const faults: string[] = [];
    for (let round = 1; round <= rounds && watch.alive; round++) {
      disk.fill();
      watch.events = [];
      const [head = "", ...rest] = desk.content().toString("utf8").split("\n");
      const long = [head, ...Array(500).fill(`${comment} ${"x".repeat(20)}`), ...rest];
      const halfWay = round % 2 === 0;
      if (!saveOnFull(desk.plugin, Buffer.from(long.join("\n")), disk, halfWay))
        faults.push(`${round}: there was room`);
      const isBad = ({ event }: { event: string }) => event === "failed" || event === "refused";
      if (!(await watch.says(REPORT_MS, isBad))) faults.push(`${round}: nothing reported`);
      disk.free();
      desk.save(round % 3 === 0 ? "by rename" : "in place");
      if (!(await desk.live(LIVE_MS))) faults.push(`${round}: not live`);
    }
    if (!watch.alive) faults.push(`the watch died: ${watch.stderr.slice(-200)}`);
    await watch.end();
    return { claim: SAVED, ok: faults.length === 0, found: faults.join(", ") || `${rounds} times` };
  });
}

/** Reported once; `needle` is in the message. */
function reports(watch: Watch, needle: string): Promise<boolean> {
  return watch.says(REPORT_MS, ({ event, message }) => {
    return event === "notice" && String(message).includes(needle);
  });
}

async function controlSocket({ lab, node, script }: SoakOptions): Promise<Claim> {
  const faults: string[] = [];
  // No room for the folder; room for it and not for the socket.
  for (const inodes of [1, 2]) {
    const runtime = lab.folder();
    await onDisk(runtime, `size=64k,nr_inodes=${inodes},mode=0700`, async () => {
      if (inodes === 2) mkdirSync(join(runtime, "cln-dev"), { mode: 0o700 });
      const desk = new Desk(script, join(lab.folder(), "plugin"));
      const env = { XDG_RUNTIME_DIR: runtime };
      const watch = Watch.start(lab, [desk.plugin, node.flag], env);
      const reported = await reports(watch, "control socket");
      await watch.says(REPORT_MS, ({ event }) => event === "reloaded");
      desk.save("by rename");
      const live = await desk.live(LIVE_MS);
      if (!reported || !live)
        faults.push(`${reported ? "" : "not reported "}${live ? "" : "not live "}`);
      if (!watch.alive) faults.push(watch.stderr.slice(-200));
      await watch.end();
    });
  }
  return { claim: CONTROL, ok: faults.length === 0, found: faults.join(", ") };
}

async function tempFiles({ lab, node, script }: SoakOptions): Promise<Claim> {
  const temp = lab.folder();
  return onDisk(temp, "size=64k,nr_inodes=1", async () => {
    const desk = new Desk(script, join(lab.folder(), "plugin"));
    const watch = await Watch.open(lab, [desk.plugin, node.flag], { TMPDIR: temp });
    watch.events = [];
    const file = openSync(desk.plugin, "a");
    writeSync(file, "\n(((\n");
    closeSync(file);
    const reported = await watch.says(REPORT_MS, ({ event }) => event === "failed");
    desk.save("in place");
    const live = await desk.live(LIVE_MS);
    const { alive, stderr } = watch;
    await watch.end();
    const found = `${reported ? "" : "not reported "}${live ? "" : "not live "}${alive ? "" : stderr.slice(-200)}`;
    return { claim: TEMP, ok: reported && live !== undefined && alive, found };
  });
}

async function nodeLog({ lab, script }: SoakOptions): Promise<Claim> {
  const lightningDir = lab.folder();
  return onDisk(lightningDir, "size=512k,mode=0700", async (disk) => {
    const desk = new Desk(script, join(lab.folder(), "plugin"));
    const flags = ["--embedded", `--lightning-dir=${lightningDir}`];
    const watch = await Watch.open(lab, [desk.plugin, ...flags]);
    disk.fill();
    let saves = 0;
    // Until what is left of the log's last page is full.
    const reported = await within(REPORT_MS, async () => {
      desk.save("by rename");
      saves++;
      const isLive = await desk.live(LIVE_MS);
      return !isLive || watch.events.some(isAboutLog);
    });
    const heard = watch.events.filter(isAboutLog).length;
    disk.free();
    const log = join(lightningDir, "regtest", "log");
    const before = readFileSync(log).length;
    desk.save("by rename");
    const live = await desk.live(LIVE_MS);
    const goesOn = await within(REPORT_MS, () => readFileSync(log).length > before);
    const { alive, stderr } = watch;
    await watch.end();
    const ok = reported && heard === 1 && live !== undefined && goesOn && alive;
    const fault = `reported ${heard} times, ${live ? "" : "not "}live, log goes on: ${goesOn} ${alive ? "" : stderr.slice(-200)}`;
    return { claim: LOG, ok, found: ok ? `reported after ${saves} reloads` : fault };
  });
}

function isAboutLog({ event, message }: { readonly event: string; readonly message?: unknown }) {
  return event === "notice" && String(message).includes("log");
}
