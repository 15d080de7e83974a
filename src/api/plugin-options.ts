/** A plugin's options for programs: an object of names and values. */
import type { PluginOption } from "../settings/types.js";

export type OptionValue = string | number | boolean;

/** Options by name. An array gives a `multi` option several values; `true` sets a flag. */
export type PluginOptions = {
  readonly [name: string]: OptionValue | readonly OptionValue[];
};

/** Converts options to the form used in settings: a `multi` option appears once per value. */
export function optionList(options: PluginOptions = {}): PluginOption[] {
  return Object.entries(options).flatMap(([name, given]) =>
    [given].flat().map((value) => ({ name, value })),
  );
}
