import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { atNode } from "../../../src/cli/commands/target-nodes.js";
import { nodeUnreachable } from "../../../src/node/rpc/unreachable.js";
import { locateAddress } from "../../../src/settings/locate/locate-node.js";
import { tempFolder, writeFiles } from "../../settings/temp-folder.js";

it("names the nodes that run here", async () => {
  const home = tempFolder();
  vi.stubEnv("HOME", home);
  onTestFinished(() => void vi.unstubAllEnvs());
  writeFiles(home, { ".lightning/config": " network=regtest\n" });
  const rpcFile = join(home, ".lightning/regtest/lightning-rpc");
  mkdirSync(dirname(rpcFile), { recursive: true });
  const server = createServer((connection) => connection.destroy());
  onTestFinished(() => new Promise((done) => server.close(() => done())));
  await new Promise<void>((done) => server.listen(rpcFile, done));

  const node = locateAddress({}, { home, cwd: home });
  const fail = (reason: "missing" | "silent") =>
    atNode(node, () => Promise.reject(nodeUnreachable(reason, node.rpcFile, "so")));
  await expect(fail("missing")).rejects.toMatchObject({
    reason: "missing",
    exitCode: 3,
    why: "so",
    fix: expect.stringMatching(/These nodes run here:\n[\s\S]*--network=regtest {2}\(regtest\)/),
  });
  await expect(fail("silent")).rejects.toMatchObject({
    fix: expect.not.stringContaining("These nodes"),
  });
});
