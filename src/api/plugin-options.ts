/** A plugin's options for programs: one object of names and values. */
import type { PluginOption } from "../settings/types.js";

export type OptionValue = string | number | boolean;

/** By name. An array gives a `multi` option several values; `true` sets a flag. */
export type PluginOptions = {
  readonly [name: string]: OptionValue | readonly OptionValue[];
};

/** Options as the settings have them: a multi option appears once for each value. */
export function optionList(options: PluginOptions = {}): PluginOption[] {
  return Object.entries(options).flatMap(([name, given]) =>
    [given].flat().map((value) => ({ name, value })),
  );
}
