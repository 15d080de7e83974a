/** The failures that plugin-file.ts reports, and their wording. */
import { basename, dirname, extname, join, parse } from "node:path";
import { nearNames } from "../../errors/did-you-mean.js";
import { Failure, type FailureParts, messageOf, systemCode } from "../../errors/failure.js";
import { readRegularFile } from "../../filesystem/regular-file.js";
import { attempt, entriesIn, linkTarget, namesIn, tryStat } from "../../filesystem/try-read.js";
import { isObject, parseJson, stringOf } from "../../jsonrpc/json.js";
import { shellPath } from "../shell-words.js";
import { buildCommandFor, shebangFor } from "./language.js";
import type { ShebangFault } from "./shebang.js";

const MAX_PACKAGE_JSON_BYTES = 1024 * 1024;

/** The failure for a missing file. Names the broken symlink, missing folder or similar files. */
export function missing(path: string): Failure {
  const target = linkTarget(path);
  if (target !== undefined) {
    return fault("plugin-missing", 2, {
      what: `no such plugin: ${path}`,
      why: `it is a symlink to ${target}, which does not exist`,
      fix: `Point the link to the plugin: ln -sfn PLUGIN ${shellPath(path)}`,
    });
  }
  const folder = dirname(path);
  if (tryStat(folder) === undefined) {
    return fault("plugin-missing", 2, {
      what: `no such plugin: ${path}`,
      why: `the folder ${folder} does not exist`,
      fix: "Check the path; a relative one starts from the current folder",
    });
  }
  const names = namesIn(folder).filter((name) => !name.startsWith("."));
  const near = nearNames(basename(path), names);
  const sameStem = names.filter((name) => parse(name).name === parse(path).name);
  const meant = [...new Set([...sameStem, ...near])].slice(0, 3);
  return fault("plugin-missing", 2, {
    what: `no such plugin: ${path}`,
    why: `${folder} has no file of that name`,
    fix:
      meant.length > 0
        ? `Did you mean ${meant.map((name) => join(folder, name)).join(" or ")}?`
        : "Check the path; a relative one starts from the current folder",
  });
}

/** The failure for a folder in place of a file. Names the likely plugins in it. */
export function folder(path: string): Failure {
  const inside = likelyPlugins(path);
  return fault("plugin-folder", 2, {
    what: `${path} is a folder`,
    why: "a plugin is one executable file",
    fix:
      inside.length > 0
        ? `Name the file: ${inside.map((name) => join(path, name)).join(" or ")}`
        : "Name the plugin's file in it",
  });
}

/** The failure for a device, a named pipe or a socket. */
export function notAFile(path: string): Failure {
  return fault("plugin-folder", 2, {
    what: `${path} is not a regular file`,
    why: "a plugin is one executable file",
    fix: "Name the plugin's file",
  });
}

export function empty(path: string): Failure {
  return fault("plugin-empty", 1, {
    what: `${path} is empty`,
    fix: "Save the plugin's code in it",
  });
}

/**
 * The failure for a file that cannot be read.
 * @param error the reason; may be omitted if permission is denied
 */
export function unreadable(path: string, error?: unknown): Failure {
  const what = `${path} cannot be read`;
  if (error !== undefined && !["EACCES", "EPERM"].includes(systemCode(error) ?? "")) {
    return fault("plugin-unreadable", 1, { what, why: messageOf(error) });
  }
  return fault("plugin-unreadable", 1, {
    what,
    why: "permission denied",
    fix: `Allow it: chmod u+r ${shellPath(path)}, or check the permissions of the folders above it`,
  });
}

/** The failure for a file that the system refuses to execute. */
export function notExecutable(path: string, mode: number): Failure {
  if ((mode & 0o111) === 0o111) {
    return fault("plugin-not-executable", 1, {
      what: `${path} is not executable`,
      why: "its mode allows it, so its file system is probably mounted with noexec",
      fix: "Move the plugin to a file system where programs can run",
    });
  }
  return fault("plugin-not-executable", 1, {
    what: `${path} is not executable`,
    why: "the node runs a plugin as a program",
    fix: `chmod +x ${shellPath(path)}`,
  });
}

/**
 * The failure for a script with a missing or broken `#!` line, or for source code to be compiled.
 * @param head the first bytes of the file, as text
 */
export function shebang(path: string, found: ShebangFault, head: string): Failure {
  const line = shebangFor(path, head.replace(/^\ufeff/, ""));
  const wanted = line ?? "a #! line for its language, such as #!/usr/bin/env python3";
  const build = found.fault === "none" ? buildCommandFor(path) : undefined;
  if (build !== undefined) {
    return fault("plugin-source", 1, {
      what: `${path} is source code`,
      why: `a ${extname(path)} file has to be compiled before it can run`,
      fix: `Build it (${build}), and name the resulting program as the plugin`,
    });
  }
  return fault("plugin-interpreter", 1, {
    what: `${path} cannot be run`,
    ...explainShebang(path, found, wanted),
  });
}

function explainShebang(
  path: string,
  found: ShebangFault,
  wanted: string,
): { why: string; fix: string } {
  switch (found.fault) {
    case "none":
      return {
        why: "it has no #! line, so the node would run it with sh",
        fix: `Add this as the first line: ${wanted}`,
      };
    case "byte-order-mark":
      return {
        why: "a byte order mark (BOM) hides its #! line from the system",
        fix: `Save it as UTF-8 without BOM: sed -i '1s/^\\xEF\\xBB\\xBF//' ${shellPath(path)}`,
      };
    case "crlf":
      return {
        why: `its #! line ends with CRLF (Windows line endings), so the system looks for a program whose name ends with \\r`,
        fix: `Save it with LF line endings: sed -i 's/\\r$//' ${shellPath(path)}`,
      };
    case "too-long":
      return {
        why: "its #! line is longer than the 255 bytes that the system reads",
        fix: "Use a shorter path, or #!/usr/bin/env with the program's name",
      };
    case "no-program":
      return { why: `its first line, ${found.line}, names no program`, fix: `Write ${wanted}` };
    case "missing": {
      const environment = /^(.*\/(?:\.?venv|\.?env|virtualenv)[^/]*)\/bin\/python/.exec(
        found.name,
      )?.[1];
      if (environment !== undefined) {
        return {
          why: `its #! line names ${found.name}, but that virtual environment is gone`,
          fix: `Create it again: python3 -m venv ${shellPath(environment)}, and install its packages there`,
        };
      }
      return {
        why: found.byEnv
          ? `its #! line asks env for ${found.name}, which is not on the PATH`
          : `its #! line names ${found.name}, which does not exist or cannot be run`,
        fix: found.byEnv
          ? `Install ${found.name}, or write the absolute path of the program into the #! line`
          : `Write ${wanted}`,
      };
    }
    case "env-arguments":
      return {
        why: `${found.line} passes everything after env as one name`,
        fix: `Write ${found.line.replace(/env[ \t]+/, "env -S ")}`,
      };
  }
}

function fault(kind: string, exitCode: 1 | 2, parts: Pick<FailureParts, "what" | "why" | "fix">) {
  return new Failure({ kind, exitCode, ...parts });
}

/** Returns up to 3 files of a folder that look like its plugin, the most likely first. */
function likelyPlugins(folder: string): string[] {
  const named = mainOfPackage(folder);
  const stem = basename(folder).toLowerCase();
  const files = entriesIn(folder)
    .filter((entry) => !entry.isDirectory() && !entry.name.startsWith("."))
    .map((entry) => entry.name)
    .map((name) => ({ name, rank: rankOf(join(folder, name), name, stem, named) }))
    .filter(({ rank }) => rank > 0);
  files.sort((a, b) => b.rank - a.rank || a.name.localeCompare(b.name));
  return files.slice(0, 3).map(({ name }) => name);
}

function rankOf(path: string, name: string, stem: string, named: string | undefined): number {
  const isScript = [".py", ".js", ".mjs", ".cjs", ".sh", ""].includes(extname(name));
  let rank = 0;
  if (name === named) rank += 4;
  if (isScript && parse(name).name.toLowerCase() === stem) rank += 3;
  const stat = tryStat(path);
  if (stat === undefined) return 0;
  return (stat.mode & 0o111) === 0 ? rank : rank + 2;
}

/** Returns `main` of the folder's package.json if it is a file in that folder. */
function mainOfPackage(folder: string): string | undefined {
  const text = attempt(() =>
    readRegularFile(join(folder, "package.json"), { maxBytes: MAX_PACKAGE_JSON_BYTES }),
  );
  const parsed = text === undefined ? undefined : parseJson(text.toString("utf8"));
  return isObject(parsed) ? stringOf(parsed.main)?.replace(/^\.\//, "") : undefined;
}
