/** The definition of a built-in method. The methods are in methods/, one file per family. */
import type { Command } from "../rpc/command.js";
import type { JsonRecord } from "../rpc/json-text.js";

export interface BuiltinMethod {
  readonly name: string;
  /** The parameters as `help` shows them. */
  readonly usage: string;
  /** Whether `help` hides it, because lightningd does not have it. */
  readonly isHidden?: boolean;
  /**
   * Runs the method.
   * @returns the result; undefined if the command is answered later
   * @throws RpcFault for an error answer
   */
  run(command: Command): JsonRecord | undefined;
}
