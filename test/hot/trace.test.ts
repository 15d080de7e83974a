/** `--trace` from the program: in hot mode on a real node, and on the embedded node as it is. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { callNode } from "../../src/node/rpc/client.js";
import { NODE_KINDS, startInstalled } from "../support/nodes.js";
import { writePlugin } from "../support/plugin.js";
import { Program, run } from "../support/program.js";
import { sandbox } from "../support/sandbox.js";
import { until } from "../support/until.js";

describe("--trace", () => {
  it("shows getmanifest, init and calls on the embedded node, with secrets masked", async () => {
    const box = sandbox();
    const plugin = writePlugin(box.folder(), { options: ["my-token"] });
    const file = join(box.root, "trace.jsonl");
    const args = ["watch", plugin, "my-token=geheim1", "--embedded", "--trace", "!log"];
    const watch = new Program(box, [...args, "--trace-file", file, "--call", "version"]);
    await watch.prints(/← version #\d+ [\d.]+ ms \{"version": ?"1"/);
    expect(watch.stdout).toMatch(/→ getmanifest #\d+ \{"allow-deprecated-apis":\w+\}/);
    expect(watch.stdout).toMatch(/← getmanifest #\d+ [\d.]+ ms \{.*"rpcmethods"/);
    expect(watch.stdout).toMatch(/→ init #\d+ \{"options":\{"my-token":"\*\*\*"\}/);
    await watch.end();
    expect(watch.stdout).not.toContain("geheim1");
    const lines = readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ method, kind }) => `${method} ${kind}`)).toEqual(
      expect.arrayContaining(["getmanifest request", "init answer", "version request"]),
    );
    expect(JSON.stringify(lines)).not.toContain("geheim1");
    expect(statSync(file).mode & 0o077).toBe(0);
  });

  it.skipIf(!NODE_KINDS.includes("lightningd"))(
    "in hot mode on a real node, from the start",
    async () => {
      const box = sandbox();
      const node = await startInstalled(box);
      const plugin = writePlugin(box.folder(), {});
      const args = ["watch", plugin, node.flag, "--hot", "--trace", "--json", "--stop-on-exit"];
      const watch = new Program(box, args, { env: { XDG_CACHE_HOME: join(box.home, "cache") } });
      await watch.next("trace", { method: "getmanifest", kind: "request" });
      await watch.next("trace", { method: "getmanifest", kind: "answer" });
      await watch.next("trace", { method: "init", kind: "answer", version: 1 });
      await callNode(node.rpcFile, "version");
      const answer = await watch.next("trace", { method: "version", kind: "answer" });
      expect(answer).toMatchObject({ direction: "to-node", id: expect.stringContaining("#") });
      await until("an end", () => watch.events.length > 0);
      await watch.end();
    },
  );

  it("is refused where nobody can see the messages, and names --hot", async () => {
    const box = sandbox();
    const plugin = writePlugin(box.folder(), {});
    const ended = await run(box, ["watch", plugin, "--regtest", "--trace"]);
    expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining("--hot") });
    const env = await run(box, ["watch", plugin, "--regtest", "--env", "A=b"]);
    expect(env).toMatchObject({ code: 2, stderr: expect.stringContaining("--hot") });
  });
});
