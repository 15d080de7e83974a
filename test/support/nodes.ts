/** The nodes that tests run on, and the words with them. */
import { join } from "node:path";
import { runEmbeddedNode } from "../../src/embedded/node.js";
import { isObject } from "../../src/jsonrpc/json.js";
import { type ListedPlugin, listPlugins } from "../../src/node/plugins/plugin-command.js";
import { callNode } from "../../src/node/rpc/client.js";
import { installed } from "../conformance/nodes/installed.js";
import { startLightningd } from "../conformance/nodes/lightningd.js";
import { Program } from "./program.js";
import type { Sandbox } from "./sandbox.js";

export interface TestNode {
  readonly lightningDir: string;
  readonly networkDir: string;
  readonly rpcFile: string;
  /** The flag that names it. */
  readonly flag: string;
  /** As lightningd's `stop`. */
  close(): Promise<void>;
}

export interface TestNodeOptions {
  readonly lightningDir?: string;
  /** Started with the node. */
  readonly plugins?: readonly string[];
  /** Of its plugins; the sandbox's when not given. */
  readonly env?: NodeJS.ProcessEnv;
}

/** An embedded node in this process. It ends with the sandbox. */
export async function startNode(box: Sandbox, options: TestNodeOptions = {}): Promise<TestNode> {
  const lightningDir = options.lightningDir ?? box.folder();
  const node = await runEmbeddedNode({ env: box.env, ...options, lightningDir });
  box.onEnd(() => node.close());
  return {
    lightningDir,
    networkDir: node.networkDir,
    rpcFile: node.rpcFile,
    flag: `--lightning-dir=${lightningDir}`,
    close: () => node.close(),
  };
}

/** The kinds of node that are here: the installed lightningd is a second one. */
export const NODE_KINDS = installed === undefined ? ["embedded"] : ["embedded", "lightningd"];

/** A real lightningd, if one is installed. It ends with the sandbox. */
export async function startInstalled(
  box: Sandbox,
  options: Pick<TestNodeOptions, "env"> = {},
): Promise<TestNode> {
  const node = await startLightningd(options);
  box.onEnd(() => node.end());
  const { lightningDir, networkDir, rpcFile } = node;
  const flag = `--lightning-dir=${lightningDir}`;
  return { lightningDir, networkDir, rpcFile, flag, close: () => node.end() };
}

/** A node in a separate process, which can be killed. */
export interface NodeProcess extends TestNode {
  /** As a crash, or the kernel for want of memory, ends it. */
  kill(): Promise<void>;
  /** In the same lightning-dir. */
  startAgain(): Promise<void>;
}

export async function startNodeProcess(box: Sandbox): Promise<NodeProcess> {
  const lightningDir = box.folder();
  const flag = `--lightning-dir=${lightningDir}`;
  let program: Program | undefined;
  const startAgain = async () => {
    program = new Program(box, ["node", flag]);
    await program.prints(/embedded node on/);
  };
  await startAgain();
  const networkDir = join(lightningDir, "regtest");
  return {
    lightningDir,
    networkDir,
    rpcFile: join(networkDir, "lightning-rpc"),
    flag,
    startAgain,
    kill: async () => {
      program?.kill("SIGKILL");
      await program?.ended;
    },
    close: async () => void (await program?.end()),
  };
}

/** What the node's `plugin list` says. */
export function listed(node: { readonly rpcFile: string }): Promise<ListedPlugin[]> {
  return listPlugins(node.rpcFile);
}

/** What a method of the plugin under test answers. */
export async function ask(
  node: { readonly rpcFile: string },
  method: string,
  params: readonly unknown[] | { readonly [key: string]: unknown } = [],
): Promise<{ readonly [key: string]: unknown }> {
  const answer = await callNode(node.rpcFile, method, params);
  if (!isObject(answer)) throw new Error(`${method}: ${JSON.stringify(answer)}`);
  return answer;
}

/** The `version` of the code that the node runs. */
export async function liveVersion(node: { readonly rpcFile: string }): Promise<unknown> {
  return (await ask(node, "version")).version;
}
