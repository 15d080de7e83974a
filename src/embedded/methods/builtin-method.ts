/** The definition of a method of the embedded node. Each is in methods/, one file per family. */
import type { Command } from "../rpc/command.js";
import type { JsonRecord } from "../rpc/json-text.js";

export interface BuiltinMethod {
  readonly name: string;
  /** The parameters as `help` shows them. */
  readonly usage: string;
  /** Hidden from `help`: lightningd does not have it. */
  readonly isHidden?: boolean;
  /**
   * @returns the result; undefined if the command is answered later
   * @throws RpcFault for an error answer
   */
  run(command: Command): JsonRecord | undefined;
}
