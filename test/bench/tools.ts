/** What is compared: cln-dev, the floor, and the general watchers with the classic reload script. */
import { chmodSync, writeFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { stopAndStart } from "../lab/by-hand.js";
import type { Desk } from "../lab/desk.js";
import { type Lab, pause, programPath } from "../lab/lab.js";
import type { LabNode } from "../lab/node.js";
import { Watch } from "../lab/watch.js";

export interface Running {
  /** What has to be done by hand when the save has ended. */
  readonly saved?: () => Promise<void>;
  readonly end: () => Promise<void>;
}

export interface Tool {
  readonly name: string;
  /** Takes care of a plugin that runs already. */
  readonly begin: (desk: Desk) => Promise<Running>;
}

/** Time for a watcher to have set its watches up, ms. */
const SET_UP_MS = 1_000;

/** The tools of this machine, and why the others are left out. */
export function tools(
  lab: Lab,
  node: LabNode,
): { readonly here: readonly Tool[]; readonly missing: readonly string[] } {
  const floor: Tool = {
    name: "floor",
    begin: async (desk) => ({
      saved: () => stopAndStart(node.rpcFile, desk.plugin),
      end: async () => {},
    }),
  };
  const own: Tool = {
    name: "cln-dev",
    begin: async (desk) => {
      const watch = await Watch.open(lab, [desk.plugin, node.flag]);
      return { end: () => watch.end() };
    },
  };
  const missing: string[] = [];
  const peers: Tool[] = [];
  const cli = programPath("lightning-cli");
  for (const { name, program, command } of PEERS) {
    const path = programPath(program);
    if (path === undefined) missing.push(`${name} (not installed)`);
    else if (cli === undefined || node.kind === "embedded")
      missing.push(`${name} (its script needs lightning-cli and lightningd)`);
    else peers.push(peer(lab, name, cli, node, (script, file) => command(path, script, file)));
  }
  return { here: [floor, own, ...peers], missing };
}

const PEERS: readonly {
  readonly name: string;
  readonly program: string;
  /** @param file the plugin's name in the folder that is watched */
  readonly command: (path: string, script: string, file: string) => string;
}[] = [
  {
    name: "entr",
    program: "entr",
    command: (path, script) => `ls | '${path}' -n -s '${script}'`,
  },
  {
    name: "nodemon",
    program: "nodemon",
    command: (path, script, file) => {
      const watched = extname(file) === "" ? `--ext '*' --watch ${file}` : "--ext py,js --watch .";
      return `exec '${path}' --quiet ${watched} --exec '${script}'`;
    },
  },
  {
    name: "inotifywait",
    program: "inotifywait",
    command: (path, script) =>
      `'${path}' -mq -e close_write,moved_to . | while read -r _; do '${script}'; done`,
  },
];

function peer(
  lab: Lab,
  name: string,
  cli: string,
  node: LabNode,
  command: (script: string, file: string) => string,
): Tool {
  return {
    name,
    begin: async (desk) => {
      const script = `${desk.folder}.reload`;
      writeFileSync(script, reloadScript(`${cli} ${node.flag}`, desk.plugin));
      chmodSync(script, 0o755);
      const child = lab.spawn("sh", ["-c", command(script, basename(desk.plugin))], {
        cwd: desk.folder,
        stdio: process.env.BENCH_PEERS === "loud" ? "inherit" : ["ignore", "ignore", "ignore"],
      });
      await pause(SET_UP_MS);
      return { end: () => lab.kill(child) };
    },
  };
}

/** The script that everybody writes: stop the plugin if it is listed, then start it. */
function reloadScript(cli: string, plugin: string): string {
  return `#!/bin/bash
if ${cli} plugin list | grep -q '${plugin}'; then
  ${cli} plugin stop '${plugin}' > /dev/null
fi
${cli} plugin start '${plugin}' > /dev/null
`;
}

/** Where a tool's copy of the plugin lives. */
export function folderFor(lab: Lab, tool: Tool, cell: string): string {
  return join(lab.folder(cell), tool.name);
}
