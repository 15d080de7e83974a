/** Where hot mode cannot work, the report says why. */
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startNode } from "../support/nodes.js";
import { writePlugin } from "../support/plugin.js";
import { Program, run } from "../support/program.js";
import { sandbox } from "../support/sandbox.js";

/** Root in a container may not. */
function canMount(): boolean {
  const tried = ["--mount", "sh", "-c", "mount -t tmpfs -o noexec none /mnt"];
  return spawnSync("unshare", tried, { stdio: "ignore" }).status === 0 && process.getuid?.() === 0;
}

describe("hot mode is refused", () => {
  it("where other users may enter its folder", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const root = join(box.root, "cache", "cln-dev", "hot");
    mkdirSync(root, { recursive: true });
    const env = { XDG_CACHE_HOME: join(box.root, "cache") };
    const plugin = writePlugin(box.folder(), {});
    const args = ["watch", plugin, node.flag, "--hot", "--json", "--stop-on-exit"];
    const first = new Program(box, args, { env });
    expect(await first.outcome()).toMatchObject({ event: "reloaded" });
    // Killed: the folder stays.
    first.kill("SIGKILL");
    await first.ended;
    const { folder } = await import("../../src/watch/hot/front-files.js").then(({ hotFolder }) => {
      process.env.XDG_CACHE_HOME = env.XDG_CACHE_HOME;
      return { folder: hotFolder(plugin, node.rpcFile).path };
    });
    chmodSync(folder, 0o755);
    const second = new Program(box, args, { env });
    expect(await second.outcome()).toMatchObject({
      event: "refused",
      kind: "hot-folder",
      message: expect.stringContaining("other users may enter it"),
    });
    chmodSync(folder, 0o700);
    await second.end();
    const third = new Program(box, args, { env });
    expect(await third.outcome()).toMatchObject({ event: "reloaded" });
    await third.end();
  });

  it("where its folder cannot be written, and the plugin that runs is not stopped", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.folder(), {});
    const env = { XDG_CACHE_HOME: "/proc/none" };
    const args = ["watch", plugin, node.flag, "--hot", "--json"];
    const watch = new Program(box, args, { env });
    expect(await watch.outcome()).toMatchObject({ event: "refused", kind: "hot-folder" });
    await watch.end();
  });

  it.skipIf(!canMount())("where programs do not run in its folder", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.folder(), {});
    const cache = box.folder();
    execFileSync("mount", ["-t", "tmpfs", "-o", "noexec,mode=700", "none", cache]);
    box.onEnd(() => void execFileSync("umount", ["-l", cache]));
    const env = { XDG_CACHE_HOME: cache };
    const watch = new Program(box, ["watch", plugin, node.flag, "--hot", "--json"], { env });
    const message = expect.stringContaining("programs cannot run there (noexec)");
    expect(await watch.outcome()).toMatchObject({ event: "refused", kind: "hot-folder", message });
    await watch.end();
    const ended = await run(box, ["hot-path", plugin, node.flag], { env });
    expect(ended).toMatchObject({ code: 2, stdout: "", stderr: message });
  });

  it.skipIf(process.getuid?.() !== 0)("where the node is another user's", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.folder(), {});
    const env = { XDG_CACHE_HOME: join(box.root, "cache") };
    chownSync(node.rpcFile, 65534, 65534);
    const watch = new Program(box, ["watch", plugin, node.flag, "--hot", "--json"], { env });
    const message = expect.stringContaining("it runs as another user (number 65534)");
    expect(await watch.outcome()).toMatchObject({ event: "refused", kind: "hot-node", message });
    await watch.end();
    const hotPath = ["hot-path", plugin, node.flag];
    expect(await run(box, hotPath, { env })).toMatchObject({
      code: 1,
      stdout: "",
      stderr: message,
    });
    // A node that does not run yet.
    const later = box.folder();
    chownSync(later, 65534, 65534);
    const before = ["hot-path", plugin, `--lightning-dir=${later}`, "--regtest"];
    expect(await run(box, before, { env })).toMatchObject({ code: 1, stdout: "", stderr: message });
    expect(existsSync(join(env.XDG_CACHE_HOME, "cln-dev/hot"))).toBe(false);
  });
});
