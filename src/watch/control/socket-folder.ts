/**
 * Where running watch sessions have their control sockets: a folder that only this user can enter.
 */
import { lstatSync, mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { Failure, messageOf, systemCode } from "../../errors/failure.js";

/**
 * The folder, made if it is not there: `$XDG_RUNTIME_DIR/cln-dev`, or one under the system's temp
 * folder with the user's uid in its name.
 * @throws Failure `control-folder`: another user owns it, or others may enter it
 */
export function controlFolder(env: NodeJS.ProcessEnv = process.env): string {
  const runtime = env.XDG_RUNTIME_DIR;
  // Not userInfo(): in a container the user may have a number and no name.
  const uid = process.getuid?.() ?? -1;
  const folder = isOwnFolder(runtime, uid)
    ? join(runtime, "cln-dev")
    : join(process.getBuiltinModule("node:os").tmpdir(), `cln-dev-${uid}`);
  try {
    make(folder);
  } catch (error) {
    throw unsafe(folder, messageOf(error), error);
  }
  const stat = lstatSync(folder);
  if (!stat.isDirectory()) throw unsafe(folder, "it is not a folder");
  if (stat.uid !== uid) throw unsafe(folder, `it is owned by uid ${stat.uid}`);
  if ((stat.mode & 0o077) !== 0) throw unsafe(folder, "other users may enter it");
  return folder;
}

function make(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (systemCode(error) === "EEXIST") return;
    if (systemCode(error) !== "ENOENT") throw error;
    // One by one: `recursive` reports a read-only file system as ENOENT, and never ends in /proc.
    mkdirSync(dirname(folder), { mode: 0o700 });
    mkdirSync(folder, { mode: 0o700 });
  }
}

function isOwnFolder(path: string | undefined, uid: number): path is string {
  if (!path?.startsWith("/")) return false;
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat?.isDirectory() === true && stat.uid === uid && (stat.mode & 0o222) === 0o200;
}

function unsafe(folder: string, why: string, cause?: unknown): Failure {
  return new Failure({
    kind: "control-folder",
    what: `cannot use ${folder} for control sockets`,
    why,
    fix: "Remove it, or set XDG_RUNTIME_DIR to a private directory",
    exitCode: 2,
    cause,
  });
}
