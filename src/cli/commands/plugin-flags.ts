/** The flags of the commands that start plugins, as commander gives them. */

import { resolveSettings } from "../../settings/resolve.js";
import type { Settings } from "../../settings/types.js";
import type { Context } from "./context.js";

export interface PluginCommandFlags {
  readonly option: readonly string[];
  readonly watch?: readonly string[];
  readonly ignore?: readonly string[];
  readonly call?: readonly string[];
  readonly build?: string;
  readonly safe?: boolean;
}

/** @throws Failure (exit code 2): see resolveSettings */
export function settingsOf(
  context: Context,
  command: string,
  args: readonly string[],
  flags: PluginCommandFlags,
): Settings {
  return resolveSettings({
    flags: { ...context.flags, ...flags },
    args,
    options: flags.option,
    surroundings: context.surroundings,
    command,
  });
}
