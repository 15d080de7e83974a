/** The errors of the embedded node's methods, with lightningd's codes and messages. */
import { INVALID_PARAMS } from "../../jsonrpc/message.js";
import type { Token } from "../../jsonrpc/token.js";

/** The code of errors without a specific code (common/jsonrpc_errors.h). */
export const LIGHTNINGD = -1;

export class RpcFault extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
    this.name = "RpcFault";
  }
}

/** Returns lightningd's error for invalid parameters. */
export function invalidParams(message: string): RpcFault {
  return new RpcFault(INVALID_PARAMS, message);
}

/** Thrown when a `check` is done: the command would succeed. */
export class CheckPassed extends Error {}

/** Thrown for a value that a parameter does not accept. `why` is lightningd's wording. */
export class BadParam extends Error {
  constructor(
    readonly token: Token,
    readonly why: string,
  ) {
    super(why);
  }
}
