/** `waitblockheight` (lightningd/peer_control.c). */

import type { NodeContext } from "../node-context.js";
import { number, readParams, required, withDefault } from "../rpc/params.js";
import { RpcFault } from "../rpc/rpc-fault.js";
import type { BuiltinMethod } from "./builtin-method.js";

const WAIT_TIMEOUT = 2000;
/** A longer timer goes off at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export function waitblockheightMethod(node: NodeContext): BuiltinMethod {
  return {
    name: "waitblockheight",
    usage: "blockheight [timeout]",
    run: (command) => {
      const { blockheight, timeout } = readParams(command, {
        blockheight: required(number),
        timeout: withDefault(number, 60),
      });
      const { chain } = node;
      if (blockheight <= chain.height) return { blockheight: chain.height };
      const giveUp = chain.wait(blockheight, () => {
        clearTimeout(timer);
        command.succeed({ blockheight: chain.height });
      });
      const timer = setTimeout(
        () => {
          giveUp();
          command.fail(new RpcFault(WAIT_TIMEOUT, "Timed out."));
        },
        Math.min(timeout * 1000, MAX_TIMER_MS),
      );
      timer.unref();
      return undefined;
    },
  };
}
