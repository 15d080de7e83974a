/** One call on its own connection, answered with the text that the node sent. */
import { RawClient } from "./raw-client.js";

/** @throws Error if the node closes, or does not answer within the deadline */
export async function callText(
  rpcFile: string,
  method: string,
  params: string,
  deadlineMs?: number,
): Promise<string> {
  const client = new RawClient(rpcFile);
  try {
    const id = JSON.stringify(`conf:${method}`);
    client.send(
      `{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)},"params":${params}}`,
    );
    const [answer = ""] = await client.messages(1, deadlineMs);
    return answer;
  } finally {
    client.close();
  }
}
