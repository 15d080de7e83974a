/** The private directory for the control sockets of running watch sessions. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { Failure, messageOf } from "../../errors/failure.js";
import { makePrivateFolder, whyNotPrivate } from "../../filesystem/private-folder.js";

/**
 * Returns the folder, and creates it if it is missing: `$XDG_RUNTIME_DIR/cln-dev`, or one in the
 * system's temp folder with the user's uid in its name.
 * @throws Failure `control-folder` if it cannot be created, or is not a folder that only this user
 *   may enter
 */
export function controlFolder(env: NodeJS.ProcessEnv = process.env): string {
  const runtime = env.XDG_RUNTIME_DIR;
  // Not userInfo(): in a container the user may have a uid but no name.
  const uid = process.getuid?.() ?? -1;
  const folder = isOwnFolder(runtime, uid)
    ? join(runtime, "cln-dev")
    : join(process.getBuiltinModule("node:os").tmpdir(), `cln-dev-${uid}`);
  try {
    makePrivateFolder(folder);
  } catch (error) {
    throw unsafe(folder, messageOf(error), error);
  }
  const why = whyNotPrivate(folder);
  if (why !== undefined) throw unsafe(folder, why);
  return folder;
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
