/**
 * Detects the language of a plugin, which decides what is watched, where to look for errors, and
 * which line an explanation suggests. It is detected from the program that runs the file, or for a
 * compiled plugin from the build files around it.
 */
import { existsSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { homeFolder } from "./home-folder.js";

/** `binary`: compiled from an unknown language. `other`: a script in an unknown language. */
export type PluginLanguage =
  | "python"
  | "node"
  | "shell"
  | "perl"
  | "ruby"
  | "php"
  | "lua"
  | "go"
  | "rust"
  | "binary"
  | "other";

const BY_PROGRAM: readonly (readonly [RegExp, PluginLanguage])[] = [
  [/^(python|pypy)[\d.]*$/, "python"],
  [/^(uv|uvx|poetry|pipenv|pdm|hatch|rye)$/, "python"],
  [/^(node|nodejs|bun|bunx|deno|tsx|ts-node|npx)[\d.]*$/, "node"],
  [/^(sh|bash|dash|ash|zsh|ksh|fish|busybox)$/, "shell"],
  [/^perl[\d.]*$/, "perl"],
  [/^ruby[\d.]*$/, "ruby"],
  [/^php[\d.]*$/, "php"],
  [/^(lua|luajit)[\d.]*$/, "lua"],
];

/**
 * Returns the language of the scripts that a program runs.
 * @param program the name or path of the program in a `#!` line
 */
export function languageOfProgram(program: string): PluginLanguage {
  const name = basename(program);
  return BY_PROGRAM.find(([pattern]) => pattern.test(name))?.[1] ?? "other";
}

/** How many folders to search for build files, upwards: `target/release/examples/x` needs 4. */
const LEVELS = 4;

/**
 * Returns the language of a compiled plugin, judging by the build files around it.
 * @param path the absolute path of the plugin
 */
export function languageOfBinary(path: string): PluginLanguage {
  const home = homeFolder();
  let folder = dirname(path);
  for (let level = 0; level < LEVELS && folder !== home; level++) {
    if (existsSync(join(folder, "Cargo.toml"))) return "rust";
    if (existsSync(join(folder, "go.mod"))) return "go";
    const above = dirname(folder);
    if (above === folder) break;
    folder = above;
  }
  return "binary";
}

/** Guesses the `#!` line for a script from its name and first bytes; undefined if unclear. */
export function shebangFor(path: string, head: string): string | undefined {
  const byName = SHEBANGS[extname(path).toLowerCase()];
  if (byName !== undefined) return byName;
  if (/^\s*(import \w+|from [\w.]+ import|def |""")/m.test(head)) return SHEBANGS[".py"];
  if (/^\s*(const |let |import .* from |'use strict'|"use strict"|.*require\()/m.test(head)) {
    return SHEBANGS[".js"];
  }
  if (/^\s*(echo |read |while |set -|if \[)/m.test(head)) return SHEBANGS[".sh"];
  return undefined;
}

const SHEBANGS: Readonly<Record<string, string>> = {
  ".py": "#!/usr/bin/env python3",
  ".js": "#!/usr/bin/env node",
  ".mjs": "#!/usr/bin/env node",
  ".cjs": "#!/usr/bin/env node",
  ".ts": "#!/usr/bin/env -S npx tsx",
  ".mts": "#!/usr/bin/env -S npx tsx",
  ".sh": "#!/usr/bin/env bash",
  ".bash": "#!/usr/bin/env bash",
  ".rb": "#!/usr/bin/env ruby",
  ".pl": "#!/usr/bin/env perl",
  ".php": "#!/usr/bin/env php",
  ".lua": "#!/usr/bin/env lua",
};

/**
 * Returns the command that builds a source file of a compiled language; undefined for other files.
 */
export function buildCommandFor(path: string): string | undefined {
  return BUILDS[extname(path).toLowerCase()];
}

const BUILDS: Readonly<Record<string, string>> = {
  ".go": "go build",
  ".rs": "cargo build",
  ".c": "cc",
  ".cc": "c++",
  ".cpp": "c++",
  ".java": "your build tool",
  ".kt": "your build tool",
  ".zig": "zig build",
};
