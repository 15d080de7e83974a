/** Where nothing can be written for the control socket. Needs a user namespace to mount in. */
import { spawnSync } from "node:child_process";
import { basename } from "node:path";
import { expect, it } from "vitest";
import { liveVersion, startNode } from "../../support/nodes.js";
import { writePlugin } from "../../support/plugin.js";
import { BIN, Program } from "../../support/program.js";
import { type Sandbox, sandbox } from "../../support/sandbox.js";

const inNamespace = (command: string) => ["-Urm", "sh", "-c", command];
const mount = (folder: string) => `mount -t tmpfs -o ro,mode=700 none "${folder}"`;
const possible = spawnSync("unshare", inNamespace(mount("/mnt"))).status === 0;

/** Starts cln-dev where the folder for control sockets is read-only. */
function readOnly(box: Sandbox, args: readonly string[]): Program {
  const runtime = box.folder("read-only");
  const command = [process.execPath, BIN, ...args].map((word) => `'${word}'`).join(" ");
  return new Program(box, inNamespace(`${mount(runtime)} && exec ${command}`), {
    program: "unshare",
    env: { XDG_RUNTIME_DIR: runtime },
  });
}

it.skipIf(!possible)("a watch says that restart does not find it, and reloads", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const plugin = writePlugin(box.work);
  const watch = readOnly(box, ["watch", plugin, node.flag, "--json"]);
  expect(await watch.next("notice")).toMatchObject({
    message: expect.stringMatching(/^cannot open the control socket.*EROFS/),
  });
  await watch.next("reloaded", { cause: "start" });
  writePlugin(box.work, { version: "2" });
  await watch.next("reloaded", { cause: "file" });
  expect(await liveVersion(node)).toBe("2");
});

it.skipIf(!possible)("restart finds no session, and reloads by itself", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const plugin = writePlugin(box.work, { version: "1" });
  const { code, stderr } = await readOnly(box, ["restart", plugin, node.flag]).ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(await liveVersion(node)).toBe("1");
});

it.skipIf(!possible)("a plugin on a file system without exec is refused, once", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const folder = box.folder("noexec");
  const plugin = writePlugin(box.work);
  const setUp = `mount -t tmpfs -o noexec none "${folder}" && cp -p "${plugin}" "${folder}"`;
  const args = ["watch", `${folder}/${basename(plugin)}`, node.flag, "--json"];
  const command = [process.execPath, BIN, ...args].map((word) => `'${word}'`).join(" ");
  const watch = new Program(box, inNamespace(`${setUp} && exec ${command}`), {
    program: "unshare",
  });
  expect(await watch.outcome()).toMatchObject({
    event: "refused",
    kind: "plugin-not-executable",
    message: expect.stringContaining("noexec"),
  });
  expect(watch.events.filter(({ event }) => event === "reloading")).toHaveLength(1);
});
