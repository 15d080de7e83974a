/** The nodes that tests run on, and the words with them. */
import { startEmbeddedNode } from "../../src/embedded/node.js";
import { isObject } from "../../src/jsonrpc/json.js";
import { callNode } from "../../src/node/client.js";
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
  const node = await startEmbeddedNode({ env: box.env, ...options, lightningDir });
  box.onEnd(() => node.close());
  return {
    lightningDir,
    networkDir: node.networkDir,
    rpcFile: node.rpcFile,
    flag: `--lightning-dir=${lightningDir}`,
    close: () => node.close(),
  };
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
