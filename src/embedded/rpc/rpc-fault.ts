/** How a method of the embedded node refuses: with lightningd's code and message. */
import { INVALID_PARAMS } from "../../jsonrpc/message.js";
import type { Token } from "../../jsonrpc/token.js";

/** The code of errors without one of their own (common/jsonrpc_errors.h). */
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

/** lightningd's error for wrong parameters. */
export function invalidParams(message: string): RpcFault {
  return new RpcFault(INVALID_PARAMS, message);
}

/** Thrown when `check` has seen enough: the command would have passed. */
export class CheckPassed extends Error {}

/** A value that a parameter does not accept: `why` is lightningd's half sentence. */
export class BadParam extends Error {
  constructor(
    readonly token: Token,
    readonly why: string,
  ) {
    super(why);
  }
}
