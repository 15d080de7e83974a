/** Why a connection to a node failed, where the node is not to blame. */
import { expect, it } from "vitest";
import { connectionFailure } from "../../../src/node/rpc/unreachable.js";

it.each([
  ["EMFILE", /ulimit -n/],
  ["ENAMETOOLONG", /Start the node/],
])("%s", (code, fix) => {
  const error = Object.assign(new Error(`connect ${code}`), { code });
  const failure = connectionFailure("/l1/lightning-rpc", error);
  expect(failure.message).toBe(`cannot connect to the node at /l1/lightning-rpc: connect ${code}`);
  expect(failure.fix).toMatch(fix);
});
