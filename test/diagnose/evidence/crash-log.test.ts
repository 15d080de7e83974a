/** What is told of a node that is gone: which mistake of a plugin it died of, read from its crash log. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { NODE_CRASHES } from "../../../src/diagnose/explain/node-crashes.js";
import { diagnoseFailedStart } from "../../../src/diagnose/failures/start.js";
import { NodeUnreachable } from "../../../src/node/rpc/errors.js";
import { inspectPluginFile } from "../../../src/plugin/file/plugin-file.js";
import { writePlugin, writeProgram } from "../../support/plugin.js";
import { sandbox } from "../../support/sandbox.js";

/** It answers `getmanifest` with an escape where lightningd looks for none. */
const UNICODE_USAGE = `#!${process.execPath}
require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  if (line.trim() === "") return;
  const { id } = JSON.parse(line);
  const manifest = '{"options":[],"rpcmethods":[{"name":"cafe","usage":"caf\\\\u00e9"}]}';
  process.stdout.write('{"jsonrpc":"2.0","id":' + JSON.stringify(id) + ',"result":' + manifest + '}');
});
`;

/** Lines of the crash logs that lightningd v26.06.6 left for plugins that do just this. */
const BACKTRACES: readonly (readonly [rule: string, line: string, says: RegExp])[] = [
  [
    "kills-node-builtin-method",
    "+1181.9 lightningdBROKEN: backtrace: lightningd/plugin.c:1390 (plugin_rpcmethod_add) 0x55ad56e27a64",
    /named like a method of lightningd/,
  ],
  [
    "kills-node-stale-option",
    "+0.69 lightningdBROKEN: backtrace: common/configvar.c:112 (configvar_finalize_overrides) 0x55f8c025bddc",
    /option that no running plugin declares/,
  ],
  [
    "kills-node-hook-error",
    '+0.67 lightningdBROKEN: Plugin hook.py for rpc_command returned non-result response {"error"',
    /hook\.py answered the hook rpc_command with an error/,
  ],
  [
    "kills-node-giant-log",
    "+0.84 lightningdBROKEN: backtrace: lightningd/plugin.c:529 (plugin_log_handle) 0x5606a885931d",
    /more than 262144 bytes/,
  ],
  [
    "kills-node-hook-answer",
    "+0.1 lightningdBROKEN: Plugin returned an invalid response to the commitment_revocation hook: {}",
    /commitment_revocation/,
  ],
  [
    "node-died-of-call",
    "+0.1 lightningdBROKEN: No plugin for hello ?",
    /a call of hello came while its plugin was being stopped/,
  ],
  [
    "kills-node-hook-callback",
    "+0.1 lightningdBROKEN: backtrace: lightningd/plugin_hook.c:280 (plugin_hook_callback) 0x5576",
    /probably an answer that lightningd does not survive Always answer hooks with a result/,
  ],
  ["node-crashed", "+0.1 lightningdBROKEN: FATAL SIGNAL 11 (version v26.06.6)", /signal 11/],
];
const closed = (networkDir: string) =>
  new NodeUnreachable("closed", join(networkDir, "lightning-rpc"), {
    what: "the node went away",
  });

test.each(BACKTRACES)("%s", async (rule, line, says) => {
  const box = sandbox();
  const networkDir = box.folder(`dead-${rule}`);
  writeFileSync(join(networkDir, "crash.log.20261121073724"), `begin\n${line}\nend\n`);
  const file = await inspectPluginFile(writePlugin(box.work));
  const place = { networkDir, rpcFile: join(networkDir, "lightning-rpc"), network: "regtest" };
  const start = { file, options: [], node: place, since: new Date() };
  const { explanation, findings } = await diagnoseFailedStart(closed(networkDir), start);
  expect(explanation?.id).toBe(rule);
  expect(`${explanation?.reason} ${explanation?.fix}`).toMatch(says);
  expect(findings[0]?.text).toContain("crash.log.20261121073724");
});

test("a \\u escape in usage, told from a built-in's name by the manifest", async () => {
  const box = sandbox();
  const networkDir = box.folder("dead-unicode");
  writeFileSync(join(networkDir, "crash.log.1"), `${BACKTRACES[0]?.[1]}\n`);
  const file = await inspectPluginFile(writeProgram(join(box.work, "unicode.js"), UNICODE_USAGE));
  const place = { networkDir, rpcFile: join(networkDir, "rpc"), network: "regtest" };
  const start = { file, options: [], node: place, since: new Date() };
  const { explanation } = await diagnoseFailedStart(closed(networkDir), start);
  expect(explanation).toMatchObject({ id: "kills-node-unicode-usage" });
  expect(explanation?.reason).toContain("cafe");
});

test("without a word from it", async () => {
  const box = sandbox();
  const networkDir = box.folder("dead-silent");
  writeFileSync(join(networkDir, "crash.log.old"), "FATAL SIGNAL 11\n");
  const file = await inspectPluginFile(writePlugin(box.work));
  const place = { networkDir, rpcFile: join(networkDir, "rpc"), network: "regtest" };
  const start = { file, options: [], node: place, since: new Date(Date.now() + 60_000) };
  const { explanation, findings } = await diagnoseFailedStart(closed(networkDir), start);
  expect(explanation?.id).toBe("node-died");
  expect(findings).toEqual([]);
});

test("no rule is left without one", () => {
  const seen = [
    ...BACKTRACES.map(([rule]) => rule),
    "kills-node-unicode-usage",
    "kills-node-empty-option",
  ];
  expect(NODE_CRASHES.map(({ id }) => id).filter((id) => !seen.includes(id))).toEqual([]);
});
