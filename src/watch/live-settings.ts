/**
 * Applies settings that are edited while a session runs: they are read again at each save of their
 * package.json, compared with those in use, and applied if that needs no new session.
 */
import { basename } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { Failure } from "../errors/failure.js";
import { shownValue } from "../plugin/secret-options.js";
import type { PluginOption, PluginSettings } from "../settings/types.js";
import { FileSource } from "./files/file-source.js";

/** Where settings come from, and how to read them again. */
export interface SettingsSource {
  /** The absolute path of the package.json. */
  readonly file: string;
  /** @throws Failure if something in it is wrong */
  readonly read: () => {
    readonly plugins: readonly PluginSettings[];
    /** A value that changes whenever the choice of nodes does. */
    readonly nodes: unknown;
  };
}

/** What has changed in the settings of one plugin. */
interface SettingsEdit {
  readonly path: string;
  /** Returns the settings in use with these changes; what a command has set stays. */
  readonly applyTo: (current: PluginSettings) => PluginSettings;
}

export interface LiveSettingsHooks {
  /** Called with the edits. `changes` is text for the terminal, such as `foo_opt=B (was A)`. */
  readonly onChange: (edits: readonly SettingsEdit[], changes: readonly string[]) => void;
  readonly onNotice: (message: string) => void;
}

/** How long to wait for an editor to finish its save, in ms. */
const SAVE_MS = 30;
/** How long a save in progress may leave the settings broken, in ms. */
const BROKEN_MS = 400;

/** The settings that can change while a session runs. */
const LIVE = [
  "options",
  "watch",
  "only",
  "ignore",
  "build",
  "runAfter",
  "call",
  "safe",
] as const satisfies readonly (keyof PluginSettings)[];

export class LiveSettings {
  readonly #source: SettingsSource;
  readonly #hooks: LiveSettingsHooks;
  #plugins: readonly PluginSettings[];
  readonly #nodes: unknown;
  #files: FileSource | undefined;
  #timer: NodeJS.Timeout | undefined;

  private constructor(source: SettingsSource, hooks: LiveSettingsHooks) {
    this.#source = source;
    this.#hooks = hooks;
    const { plugins, nodes } = source.read();
    this.#plugins = plugins;
    this.#nodes = nodes;
  }

  static async open(source: SettingsSource, hooks: LiveSettingsHooks): Promise<LiveSettings> {
    const live = new LiveSettings(source, hooks);
    const { file } = source;
    live.#files = await FileSource.open({
      plugin: { path: file, watch: [], only: [file], ignore: [] },
      onChange: () => live.#readIn(SAVE_MS, true),
      // The sources of the plugins' files report any problem with the folder.
      onNotice: () => {},
    });
    return live;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#files?.close();
  }

  #readIn(ms: number, isFirst: boolean): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#read(isFirst), ms);
  }

  #read(isFirst: boolean): void {
    const name = basename(this.#source.file);
    try {
      this.#compare(this.#source.read(), name);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (isFirst) {
        this.#readIn(BROKEN_MS, false);
        return;
      }
      this.#hooks.onNotice(`${error.message}; keeping the previous settings`);
    }
  }

  #compare({ plugins, nodes }: ReturnType<SettingsSource["read"]>, name: string): void {
    const left = new Set<string>();
    if (!isDeepStrictEqual(nodes, this.#nodes)) left.add("the node");
    const before = new Map(this.#plugins.map((plugin) => [plugin.path, plugin]));
    if (plugins.length !== before.size || plugins.some(({ path }) => !before.has(path))) {
      left.add("the list of plugins");
    }
    const edits: SettingsEdit[] = [];
    const changes: string[] = [];
    for (const now of plugins) {
      const then = before.get(now.path);
      if (then === undefined || isDeepStrictEqual(then, now)) continue;
      if (!isDeepStrictEqual(fixedPart(then), fixedPart(now))) left.add("how a plugin is run");
      edits.push({ path: now.path, applyTo: (current) => edited(current, then, now) });
      changes.push(...changesOf(then, now));
    }
    if (left.size > 0) {
      const what = `${name}: ${[...left].join(" and ")} changed`;
      this.#hooks.onNotice(`${what}; restart the watch to apply this`);
    }
    if (changes.length === 0) return;
    this.#plugins = this.#plugins.map((plugin) => {
      const now = plugins.find(({ path }) => path === plugin.path);
      return now === undefined ? plugin : edited(plugin, plugin, now);
    });
    this.#hooks.onChange(edits, changes);
  }
}

/** Returns the settings that cannot change while a session runs. */
function fixedPart(plugin: PluginSettings): Partial<PluginSettings> {
  const live = Object.fromEntries(LIVE.map((key) => [key, undefined]));
  return { ...plugin, ...live };
}

/** Returns `current` with the differences from `then` to `now`. */
function edited(
  current: PluginSettings,
  then: PluginSettings,
  now: PluginSettings,
): PluginSettings {
  const keys = LIVE.filter((key) => key !== "options" && !isDeepStrictEqual(then[key], now[key]));
  const isEdited = (name: string) => {
    const [before, after] = [then, now].map(({ options }) =>
      options.filter((option) => option.name === name),
    );
    return !isDeepStrictEqual(before, after);
  };
  const kept = current.options.filter(({ name }) => !isEdited(name));
  return {
    ...current,
    ...Object.fromEntries(keys.map((key) => [key, now[key]])),
    options: [...kept, ...now.options.filter(({ name }) => isEdited(name))],
  };
}

function changesOf(before: PluginSettings, now: PluginSettings): string[] {
  const changes = optionChanges(before.options, now.options);
  for (const key of LIVE) {
    if (key === "options" || isDeepStrictEqual(before[key], now[key])) continue;
    changes.push(`${key === "runAfter" ? "run" : key}: ${shown(now[key])}`);
  }
  return changes;
}

/** Lists changes of options, as `foo_opt=B (was A)`, `+x=1` or `-y`; secret values as `***`. */
export function optionChanges(
  before: readonly PluginOption[],
  now: readonly PluginOption[],
): string[] {
  const names = new Set([...before, ...now].map(({ name }) => name));
  return [...names].flatMap((name) => {
    const [then, next] = [before, now].map((options) =>
      options.filter((option) => option.name === name),
    );
    if (then === undefined || next === undefined || isDeepStrictEqual(then, next)) return [];
    const [was, is] = [then, next].map((options) => options.map(shownValue).join(","));
    if (next.length === 0) return [`-${name}`];
    return [then.length === 0 ? `+${name}=${is}` : `${name}=${is} (was ${was})`];
  });
}

function shown(value: PluginSettings[Exclude<(typeof LIVE)[number], "options">]): string {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return "none";
  if (typeof value === "object" && "command" in value) return value.command;
  return Array.isArray(value) ? value.join(", ") : String(value);
}
