/** `cln-dev init`: writes a small working plugin and settings to watch it. Overwrites nothing. */
import { rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { messageOf, systemCode, usageFailure } from "../../../errors/failure.js";
import { replaceFile } from "../../../filesystem/replace-file.js";
import { realPathOf, tryStat } from "../../../filesystem/try-read.js";
import { isObject, type JsonObject, parseJson } from "../../../jsonrpc/json.js";
import { readPackageJson } from "../../../settings/project/package-json.js";
import { sanitize } from "../../report/sanitize.js";
import { styleOf } from "../../report/style.js";
import { wrapLines } from "../../report/wrap.js";
import type { Context, ExitCode } from "../context.js";
import { nodePlugin, pythonPlugin, shellPlugin } from "./templates.js";

export interface InitFlags {
  readonly python?: boolean;
  readonly node?: boolean;
  readonly shell?: boolean;
}

/**
 * Runs `cln-dev init`.
 * @param given the plugin's name. Default: the folder's
 */
export async function init(
  { io, flags, surroundings: { cwd } }: Context,
  given: string | undefined,
  languages: InitFlags,
): Promise<ExitCode> {
  const { extension, plugin } = templateOf(languages);
  const name = nameOf(given ?? basename(cwd));
  const file = `${name}${extension}`;
  const path = join(cwd, file);
  const settings = settingsWith(join(cwd, "package.json"), file);
  try {
    writeFileSync(path, plugin(name), { flag: "wx", mode: 0o755 });
  } catch (error) {
    throw usageFailure(`cannot write ${path}`, {
      why: systemCode(error) === "EEXIST" ? "it already exists" : messageOf(error),
      fix: "Give another name: cln-dev init NAME",
    });
  }
  try {
    if (settings.text !== undefined) writeSettings(settings.path, settings.text);
  } catch (error) {
    rmSync(path, { force: true });
    throw usageFailure(`cannot write ${settings.path}`, {
      why: messageOf(error),
      fix: "Make it writable, or run init elsewhere",
    });
  }
  const next = settings.text === undefined ? `cln-dev watch ./${file} --embedded` : "npm run dev";
  if (flags.json) {
    io.stdout.write(`${JSON.stringify({ plugin: path, settings: settings.path, next })}\n`);
    return 0;
  }
  const { paint } = styleOf(io.stdout, flags);
  const lines = [
    `wrote ${paint.bold(sanitize(file))}: an option, a method and a subscription`,
    settings.text === undefined
      ? `package.json already has settings for cln-dev, and is unchanged`
      : `wrote ${paint.bold("package.json")}: settings for cln-dev, and npm run dev`,
    `next: ${paint.bold(sanitize(next))}, then change ${sanitize(file)} and save`,
  ];
  io.stdout.write(`${wrapLines(io.stdout, lines).join("\n")}\n`);
  return 0;
}

function templateOf({ python, node, shell }: InitFlags) {
  const templates = [
    python && { extension: ".py", plugin: pythonPlugin },
    node && { extension: ".js", plugin: nodePlugin },
    shell && { extension: ".sh", plugin: shellPlugin },
  ].filter((template) => typeof template === "object");
  if (templates.length > 1) {
    throw usageFailure("use only one of --python, --node and --shell");
  }
  return templates[0] ?? { extension: ".py", plugin: pythonPlugin };
}

/** Converts a name for use in the plugin's file, method and option. */
function nameOf(text: string): string {
  const name = text
    .toLowerCase()
    .replace(/\.(py|js|sh)$/, "")
    .replace(/[^a-z0-9]+/g, "");
  if (/^[a-z]/.test(name)) return name;
  if (/^[\w.-]+$/.test(text)) return `plugin${name}`;
  throw usageFailure(`${JSON.stringify(text)} cannot be the name of a plugin`, {
    why: "its method's name would have no letters or digits",
    fix: "Give another name: cln-dev init NAME",
  });
}

/** Writes the file atomically. Keeps a symlink, and an existing file's mode. */
function writeSettings(path: string, text: string): void {
  const before = tryStat(path);
  if (before === undefined) writeFileSync(path, text, { flag: "wx" });
  else replaceFile(realPathOf(path), text, { mode: before.mode & 0o777 });
}

/**
 * Adds the missing parts to package.json: the key "cln-dev" and the script "dev".
 * @returns the new text, or no text if the key exists
 * @throws Failure (exit code 2) if it cannot be read or is not an object
 */
function settingsWith(path: string, plugin: string): { path: string; text?: string } {
  const own = { path: plugin, embedded: true };
  const text = textIfThere(path);
  if (text === undefined) {
    const fresh = { private: true, scripts: { dev: "cln-dev watch" }, "cln-dev": own };
    return { path, text: `${JSON.stringify(fresh, undefined, 2)}\n` };
  }
  const before = parseJson(text);
  if (!isObject(before)) {
    throw usageFailure(`${path} is not a JSON object`, {
      fix: "Fix it, or run init elsewhere",
    });
  }
  if ("cln-dev" in before) return { path };
  const scripts: JsonObject = isObject(before.scripts) ? before.scripts : {};
  const after = { ...before, scripts: { dev: "cln-dev watch", ...scripts }, "cln-dev": own };
  const [, indent = "  "] = /\n([ \t]+)"/.exec(text) ?? [];
  return { path, text: `${JSON.stringify(after, undefined, indent)}\n` };
}

function textIfThere(path: string): string | undefined {
  try {
    return readPackageJson(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw usageFailure(`cannot read ${path}`, {
      why: messageOf(error),
      fix: "Fix it, or run init elsewhere",
    });
  }
}
