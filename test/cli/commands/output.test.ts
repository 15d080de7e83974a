/** What `cln-dev watch` prints where there is no terminal: plain lines, or JSON with stable fields. */
import { spawn } from "node:child_process";
import { chmodSync, existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { listed, liveVersion, startNode } from "../../support/nodes.js";
import { language, writePlugin } from "../../support/plugin.js";
import { BIN, Program } from "../../support/program.js";
import { sandbox } from "../../support/sandbox.js";
import { until } from "../../support/until.js";

describe("lines", () => {
  it("are plain, one for an event, all on stdout", async () => {
    const box = sandbox();
    const node = await startNode(box);
    writePlugin(box.work);
    const watch = new Program(box, ["watch", `plugin${language.extension}`, node.flag]);
    await watch.prints(/started in/);
    writePlugin(box.work, { version: "2" });
    await watch.prints(/reloaded in/);
    const { stdout, stderr } = await watch.end();
    expect(stderr).toBe("");
    const [title, nodeLine, pluginLine, filesLine, blank, ...events] = stdout.split("\n");
    expect(title).toMatch(/^cln-dev \d+\.\d+\.\d+$/);
    expect(nodeLine).toMatch(/^ {2}node +regtest +v\S+ +\w{8} +\/.*lightning-rpc$/);
    expect(pluginLine).toMatch(/^ {2}plugin +plugin\.\w+$/);
    expect(filesLine).toMatch(/^ {2}files +\*\.\w+.* under this folder$/);
    expect(blank).toBe("");
    const time = "\\d\\d:\\d\\d:\\d\\d";
    expect(events[0]).toMatch(
      new RegExp(`^${time} {2}✓ plugin\\.\\w+ started in \\d+ ms {3}start`),
    );
    expect(events[1]).toBe("");
    expect(events[2]).toMatch(
      new RegExp(`^${time} {2}✓ plugin\\.\\w+ reloaded in \\d+ ms {3}stop`),
    );
    expect(events.slice(3)).toEqual([
      expect.stringMatching(/^stopped watching; plugin\.\w+ is still running$/),
      "",
    ]);
  });

  it("with --quiet are only those about what went wrong; with --verbose each step has one", async () => {
    const box = sandbox();
    const nodes = [await startNode(box), await startNode(box)] as const;
    const plugin = writePlugin(box.work);
    const quiet = new Program(box, ["watch", plugin, nodes[0].flag, "--quiet"]);
    const verbose = new Program(box, ["watch", plugin, nodes[1].flag, "--verbose"]);
    await verbose.prints(/started in/);
    await until("the quiet one", async () => (await listed(nodes[0])).length === 1);
    chmodSync(plugin, 0o644);
    await quiet.prints(/not executable/);
    await verbose.prints(/not executable/);
    const silent = (await quiet.end()).stdout;
    expect(silent).not.toMatch(/cln-dev|loaded|started|stopped/);
    const { stdout } = await verbose.end();
    expect(stdout).toMatch(/· plugin\.\w+ reloads \(start\)/);
    expect(stdout).toMatch(/· plugin\.\w+ start\n/);
    expect(stdout).toMatch(/· plugin\.\w+ reloads: plugin\.\w+ changed\n/);
  });

  it("may go to somebody who stops to read (| head)", async () => {
    const box = sandbox();
    const node = await startNode(box);
    writePlugin(box.work);
    const watch = new Program(box, ["watch", `plugin${language.extension}`, node.flag]);
    await watch.prints(/started in/);
    watch.closeStdout();
    writePlugin(box.work, { version: "2" });
    expect(await watch.ended).toMatchObject({ code: 0, stderr: "" });
    expect(await liveVersion(node)).toBe("2");
  });

  it.skipIf(!existsSync("/dev/full"))("that cannot be written are a failure", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const shell = `"$0" "$1" list "$2" > /dev/full`;
    const args = ["-c", shell, process.execPath, BIN, node.flag];
    const ended = new Promise<{ code: number | null; stderr: string }>((resolve) => {
      const child = spawn("sh", args, { env: box.env });
      let stderr = "";
      child.stderr.on("data", (chunk: Buffer) => {
        stderr += chunk.toString();
      });
      child.on("close", (code) => resolve({ code, stderr }));
    });
    expect(await ended).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^cln-dev: cannot write to stdout: ENOSPC/),
    });
  });
});

describe("--json", () => {
  const target = ["plugin", "path", "node"];
  const fields: { readonly [event: string]: readonly string[] } = {
    watching: ["nodes", "plugins", "control"],
    reloading: [...target, "cause", "files"],
    phase: [...target, "phase"],
    reloaded: [...target, "cause", "files", "totalMs", "stopMs", "startMs", "takenOver"],
    manifest: [...target, "added", "removed", "changed"],
    failed: [
      ...[...target, "cause", "files", "phase", "code", "message", "reason", "fix", "findings"],
      ...["running", "totalMs"],
    ],
    refused: [...target, "kind", "message", "fix", "running", "exitCode"],
    ended: ["running"],
  };

  it("is one object a line, with the fields that programs rely on, whatever happens", async () => {
    const box = sandbox();
    const node = await startNode(box);
    const plugin = writePlugin(box.work, { options: ["foo"] });
    const args = ["watch", plugin, "foo=bar", node.flag, "--json", "--verbose"];
    const watch = new Program(box, args);
    await watch.next("reloaded", { cause: "start" });
    writePlugin(box.work, { options: ["foo"], methods: ["more"] });
    await watch.next("reloaded", { cause: "file", files: [plugin] });
    writePlugin(box.work, { start: language.fails("broken by hand") });
    await watch.next("failed");
    chmodSync(plugin, 0o644);
    await watch.next("refused");
    const { stdout, stderr } = await watch.end();
    expect(stderr).toBe("");
    expect(stdout).not.toContain("\u001b");
    const seen = new Set<string>();
    for (const { event, time, ...rest } of watch.events) {
      seen.add(event);
      expect(new Date(time).toISOString()).toBe(time);
      expect(fields).toHaveProperty(event);
      const known = fields[event] ?? [];
      expect({ event, unknown: Object.keys(rest).filter((name) => !known.includes(name)) }).toEqual(
        {
          event,
          unknown: [],
        },
      );
    }
    expect([...seen].sort()).toEqual(Object.keys(fields).sort());
    const [, , , reloaded] = watch.events;
    expect(reloaded).toMatchObject({
      event: "reloaded",
      plugin: plugin.split("/").at(-1),
      path: plugin,
    });
    expect(watch.events[0]).toMatchObject({
      nodes: [
        {
          rpcFile: node.rpcFile,
          lightningDir: node.lightningDir,
          network: "regtest",
          embedded: false,
        },
      ],
      plugins: [{ path: plugin, options: ["foo=bar"] }],
    });
  });
});

it("distinguishes plugins of one name, and names the node", async () => {
  const box = sandbox();
  const nodes = [
    await startNode(box, { lightningDir: box.folder("a/l1") }),
    await startNode(box, { lightningDir: box.folder("b/l1") }),
  ];
  const one = writePlugin(box.folder("work/one"));
  const two = writePlugin(box.folder("work/two"), { version: null, start: language.fails("no") });
  const flags = nodes.map((node) => node.flag);
  const watch = new Program(box, ["watch", one, two, ...flags]);
  const file = `plugin\\${language.extension}`;
  for (const node of ["a/l1", "b/l1"]) {
    await watch.prints(new RegExp(`✓ one/${file} on ${node} started in`));
    await watch.prints(new RegExp(`✗ two/${file} on ${node} did not start`));
  }
  chmodSync(two, 0o644);
  await watch.prints(new RegExp(`! on b/l1: two/${file} is not executable`));
  const call = new Program(box, ["watch", one, ...flags, "--call", "version"]);
  await call.prints(/→ version on a\/l1/);
  await call.prints(/→ version on b\/l1/);
});

it("prints nothing extra where a command loads many of its parts for the first time", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const plugin = writePlugin(box.work, { start: language.fails("no") });
  for (const run of ["first", "second"]) {
    const { stdout, stderr } = await new Program(box, ["start", plugin, node.flag]).ended;
    expect({ run, stdout, stderr }).toMatchObject({
      stdout: expect.stringContaining("did not start"),
      stderr: "",
    });
  }
});
