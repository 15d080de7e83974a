/** A node asked by hand: the least that a program can do, which is the floor of the benchmark. */
import { connect } from "node:net";

export type Answer =
  | { readonly result: { readonly [key: string]: unknown } }
  | { readonly error: { readonly code: number; readonly message: string } };

/** One call on its own connection. @throws Error: no answer */
export function askByHand(
  rpcFile: string,
  method: string,
  params: unknown = {},
  timeoutMs = 30_000,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socket = connect(rpcFile);
    let text = "";
    const timer = setTimeout(() => socket.destroy(new Error(`no answer to ${method}`)), timeoutMs);
    socket.setEncoding("utf8");
    socket.on("data", (chunk) => {
      text += chunk;
      if (!text.endsWith("\n\n")) return;
      clearTimeout(timer);
      socket.destroy();
      resolve(JSON.parse(text));
    });
    socket.on("error", reject);
    socket.on("close", () => {
      clearTimeout(timer);
      reject(new Error(`no answer to ${method}`));
    });
    socket.write(JSON.stringify({ jsonrpc: "2.0", id: "by-hand", method, params }));
  });
}

export async function stopAndStart(rpcFile: string, plugin: string): Promise<void> {
  await askByHand(rpcFile, "plugin", ["stop", plugin]);
  await askByHand(rpcFile, "plugin", ["start", plugin]);
}

export interface Listed {
  readonly name: string;
  readonly active: boolean;
}

/** The plugins that the node lists. @throws Error: no answer */
export async function pluginsOf(rpcFile: string): Promise<readonly Listed[]> {
  const answer = await askByHand(rpcFile, "plugin", ["list"], 5_000);
  if (!("result" in answer) || !Array.isArray(answer.result.plugins)) return [];
  return answer.result.plugins.map(({ name, active }) => ({ name, active }));
}
