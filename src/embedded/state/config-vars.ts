/**
 * The node's options, with the values that they were given and by what: the command line, a config
 * file, the start of a plugin, setconfig (common/configvar.c). A value for an option that no one
 * has now stays: it counts again when a plugin with that option is started.
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
  /** The text as lightningd has it; undefined if the option came without a value. */
  readonly value: string | undefined;
  readonly source: ConfigSource;
  /** A later value overrides it. */
  overridden: boolean;
}

/** An option of a plugin, or of the node itself. */
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

  /** Removes a plugin's option and the values of its start. */
  removeOption(name: string): void {
    this.#options.delete(name);
    this.remove(name, "pluginstart");
  }

  /** @returns lightningd's error for the value, if any; none for an unknown option */
  problemWith(name: string, value: string): string | undefined {
    const option = this.#options.get(name);
    return option && problemWithValue(option, value);
  }

  /** @returns lightningd's error for the value, or undefined if it is accepted */
  add(name: string, value: string | undefined, source: ConfigSource): string | undefined {
    const problem = value === undefined ? undefined : this.problemWith(name, value);
    this.#vars.push({ name, value, source, overridden: false });
    if (problem === undefined) this.#settleOverrides();
    return problem;
  }

  /** Removes the values from one kind of source. What they had overridden counts again. */
  remove(name: string, kind: ConfigSource["kind"]): void {
    const before = this.#vars.length;
    this.#vars = this.#vars.filter((item) => item.name !== name || item.source.kind !== kind);
    if (this.#vars.length === before) return;
    const last = this.#vars.findLast((item) => item.name === name);
    if (last !== undefined) last.overridden = false;
  }

  /** The values that count: one, or several for a multi option. */
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
