/**
 * The node's options, their values and the sources of those values: the command line, a config
 * file, the start of a plugin, or setconfig (common/configvar.c). The value of an unknown option is
 * kept: it applies when a plugin with that option starts.
 */
import type { ManifestOption } from "../../plugin/manifest/manifest.js";
import { type OptionType, problemWithValue } from "../../plugin/manifest/options.js";

export type ConfigSource =
  | { readonly kind: "cmdline" }
  | { readonly kind: "file"; readonly path: string; readonly line: number }
  | { readonly kind: "pluginstart" }
  | { readonly kind: "setconfig transient" };

export interface ConfigVar {
  readonly name: string;
  /** The value as lightningd has it; undefined if the option was given without a value. */
  readonly value: string | undefined;
  readonly source: ConfigSource;
  /** Whether a later value overrides it. */
  overridden: boolean;
}

/** An option of a plugin or of the node itself. */
export interface NodeOption extends Omit<ManifestOption, "type"> {
  readonly type: OptionType | "msat";
  /** The plugin's canonical path; undefined for an option of the node itself. */
  readonly plugin: string | undefined;
}

export class ConfigVars {
  #options = new Map<string, NodeOption>();
  #vars: ConfigVar[] = [];

  get options(): Iterable<NodeOption> {
    return this.#options.values();
  }

  option(name: string): NodeOption | undefined {
    return this.#options.get(name);
  }

  addOption(option: NodeOption): void {
    this.#options.set(option.name, option);
    this.#settleOverrides();
  }

  setDefaults(defaults: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(defaults)) {
      const option = this.#options.get(name);
      if (option) this.#options.set(name, { ...option, default: value });
    }
  }

  /** Removes a plugin's option, and its values from the start of the plugin. */
  removeOption(name: string): void {
    this.#options.delete(name);
    this.remove(name, "pluginstart");
  }

  /** Returns lightningd's error for a value, if any. An unknown option accepts any value. */
  problemWith(name: string, value: string): string | undefined {
    const option = this.#options.get(name);
    return option && problemWithValue(option, value);
  }

  /** Adds a value. @returns lightningd's error for it, or undefined if it is accepted */
  add(name: string, value: string | undefined, source: ConfigSource): string | undefined {
    const problem = value === undefined ? undefined : this.problemWith(name, value);
    this.#vars.push({ name, value, source, overridden: false });
    if (problem === undefined) this.#settleOverrides();
    return problem;
  }

  /** Removes the values from one kind of source. The last of the others then applies again. */
  remove(name: string, kind: ConfigSource["kind"]): void {
    const before = this.#vars.length;
    this.#vars = this.#vars.filter((item) => item.name !== name || item.source.kind !== kind);
    if (this.#vars.length === before) return;
    const last = this.#vars.findLast((item) => item.name === name);
    if (last !== undefined) last.overridden = false;
  }

  /** Returns the values that apply: at most one, or any number for a multi option. */
  values(name: string): readonly ConfigVar[] {
    return this.#vars.filter((item) => item.name === name && !item.overridden);
  }

  #settleOverrides(): void {
    for (const [index, item] of this.#vars.entries()) {
      const option = this.#options.get(item.name);
      if (option === undefined) continue;
      const isMulti = option.multi;
      const isTransient = item.source.kind === "setconfig transient";
      if (isMulti && !isTransient) continue;
      for (const earlier of this.#vars.slice(0, index)) {
        if (earlier.name !== item.name) continue;
        if (!isMulti || earlier.source.kind !== "setconfig transient") earlier.overridden = true;
      }
    }
  }
}
