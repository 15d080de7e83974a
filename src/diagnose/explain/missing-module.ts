/**
 * A module that a plugin imports and that is missing: a typo, a renamed file, a package that is not
 * installed, or installed elsewhere. Everything reported was looked up, and a package is named for
 * installation only if its name is known.
 */
import { builtinModules } from "node:module";
import { basename, delimiter, dirname, extname, join } from "node:path";
import { nearestName, nearNames } from "../../errors/did-you-mean.js";
import { namesIn } from "../../filesystem/try-read.js";
import { isObject, parseJson } from "../../jsonrpc/json.js";
import type { PluginFile } from "../../plugin/file/plugin-file.js";
import { shellPath } from "../../plugin/shell-words.js";
import { pythonsHaving } from "../evidence/installed-modules.js";
import { readSource } from "../evidence/own-code.js";
import modules from "./python-modules.json" with { type: "json" };

const PACKAGES = new Map<string, string>(Object.entries(modules.packages));
const SINCE = new Map<string, string>(Object.entries(modules.since));

export interface MissingModule {
  readonly reason: string;
  readonly fix: string;
}

/** Explains a missing Python module. @param module as Python names it: `pyln.client`, `jsn` */
export function explainPythonModule(module: string, file: PluginFile | undefined): MissingModule {
  const top = module.split(".", 1)[0] ?? module;
  const reason = `${pythonOf(file)} has no module ${module}`;
  const beside = file === undefined ? [] : modulesBeside(file);
  const own = beside.find((name) => name.toLowerCase() === top.toLowerCase() && name !== top);
  if (own !== undefined)
    return { reason: `${reason}, but ${own} is beside it`, fix: `Did you mean ${own}?` };
  const since = SINCE.get(top);
  if (since !== undefined) {
    return {
      reason: `${reason}: it is part of Python from ${since} on`,
      fix: `Run the plugin with Python ${since} or newer`,
    };
  }
  if (!PACKAGES.has(top)) {
    const names = [...beside, ...modules.standard, ...PACKAGES.keys()];
    const near = nearNames(top, names, 2).filter((name) => name !== top);
    if (near.length > 0) return { reason, fix: `Did you mean ${near.join(" or ")}?` };
  }
  return { reason, fix: pythonFix(top, file) };
}

function pythonFix(top: string, file: PluginFile | undefined): string {
  const known = PACKAGES.get(top);
  const alias = top === "lightning" ? ", and write: from pyln.client import Plugin" : "";
  const launcher = file?.interpreter === undefined ? undefined : launcherOf(file);
  if (file !== undefined && launcher === "uv")
    return uvFix(known ?? top, known !== undefined, file) + alias;
  if (file !== undefined && launcher !== undefined && launcher !== "python") {
    if (launcher === "shell") {
      return `Install ${packageWords(top)} for the Python that the script starts${alias}`;
    }
    return `${launcher} looks for its project from the node's directory: name the project, or let the #! line name the Python of its environment (see ${launcher} env info)`;
  }
  const [elsewhere] = file === undefined ? [] : pythonsHaving(top, file);
  if (elsewhere !== undefined) {
    return `${elsewhere} has it: write #!${elsewhere} as the first line, or install it for this Python`;
  }
  const python = shellPath(pythonOf(file));
  const list = file === undefined ? undefined : requirementsBeside(file);
  if (list !== undefined) return `${python} -m pip install -r ${shellPath(list)}${alias}`;
  if (known !== undefined) return `${python} -m pip install ${known}${alias}`;
  return `Check the spelling; if it is right, install the package that has it for ${pythonOf(file)}`;
}

function packageWords(top: string): string {
  return PACKAGES.get(top) ?? `the package that has ${top}`;
}

/** The program that runs the file according to its `#!` line, if that is not Python itself. */
function launcherOf(file: PluginFile): string {
  const name = basename(file.interpreter?.name ?? "");
  if (/^(uvx?)$/.test(name)) return "uv";
  if (/^(python|pypy)/.test(name)) return "python";
  return file.language === "shell" ? "shell" : name;
}

function pythonOf(file: PluginFile | undefined): string {
  if (file?.interpreter === undefined) return "its Python";
  return launcherOf(file) === "python" ? file.interpreter.path : "its Python";
}

/** A script for uv lists what it needs in a comment at its head (PEP 723). */
function uvFix(name: string, isPackage: boolean, file: PluginFile): string {
  const lines = (readSource(file.realPath) ?? "").split("\n");
  const what = isPackage ? `"${name}"` : `the package that has ${name}`;
  const block = lines.findIndex((line) => /^# \/\/\/ script\s*$/.test(line));
  if (block === -1) {
    return `uv looks for its project from the node's directory: write #!/usr/bin/env -S uv run --script, and list ${what} in a "# /// script" block`;
  }
  const at = lines.findIndex((line, index) => index > block && /^#\s*dependencies\s*=/.test(line));
  return at === -1
    ? `Add dependencies = [${what}] to the "# /// script" block at ${file.realPath}:${block + 1}`
    : `Add ${what} to dependencies at ${file.realPath}:${at + 1}`;
}

function requirementsBeside(file: PluginFile): string | undefined {
  const folder = dirname(file.realPath);
  return namesIn(folder).includes("requirements.txt")
    ? join(folder, "requirements.txt")
    : undefined;
}

function modulesBeside(file: PluginFile): string[] {
  return namesIn(dirname(file.realPath))
    .filter((name) => extname(name) === ".py" && name !== basename(file.realPath))
    .map((name) => basename(name, ".py"));
}

/** Explains a missing Node.js module. @param module as in `require` or `import` */
export function explainNodeModule(module: string, file: PluginFile | undefined): MissingModule {
  const folder = file === undefined ? undefined : dirname(file.realPath);
  if (/^[./]/.test(module)) {
    const names = folder === undefined ? [] : namesIn(join(folder, dirname(module)));
    const stems = names.flatMap((name) => [name, name.replace(/\.[cm]?[jt]s$/, "")]);
    const near = nearestName(basename(module), stems);
    return {
      reason: `it requires ${module}, which does not exist`,
      fix:
        near === undefined
          ? "Check the path: it counts from the file that requires it"
          : `Did you mean ${near}?`,
    };
  }
  const reason = `it requires ${module}, which is not installed beside it`;
  const list = folder === undefined ? undefined : packageJsonOver(folder);
  if (
    list?.dependencies.includes(
      module
        .split("/")
        .slice(0, module.startsWith("@") ? 2 : 1)
        .join("/"),
    )
  ) {
    return {
      reason: `${reason}, although ${list.path} lists it`,
      fix: `cd ${shellPath(dirname(list.path))} && npm install`,
    };
  }
  const near = nearestName(module, [...builtinModules, ...(list?.dependencies ?? [])]);
  if (near !== undefined) return { reason, fix: `Did you mean ${near}?` };
  const where = list === undefined ? (folder ?? "its directory") : dirname(list.path);
  return { reason, fix: `Check the spelling; if it is right, install it with npm in ${where}` };
}

/** The nearest package.json at or above the folder, and its dependencies. */
function packageJsonOver(start: string): { path: string; dependencies: string[] } | undefined {
  for (let folder = start; folder !== dirname(folder); folder = dirname(folder)) {
    const path = join(folder, "package.json");
    const text = readSource(path);
    if (text === undefined) continue;
    const parsed = parseJson(text);
    const lists = isObject(parsed) ? [parsed.dependencies, parsed.devDependencies] : [];
    return {
      path,
      dependencies: lists.flatMap((list) => (isObject(list) ? Object.keys(list) : [])),
    };
  }
  return undefined;
}

/** Returns the first directory in our own PYTHONPATH that has the module. */
export function onPythonPath(top: string, pythonPath: string | undefined): string | undefined {
  return (pythonPath ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "")
    .find((folder) => namesIn(folder).some((name) => name === top || name === `${top}.py`));
}
