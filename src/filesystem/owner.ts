/**
 * Who owns a file. In a place that several users can write to (a temp folder, the folders above the
 * working directory), only our own files and root's are trusted, as with git's `safe.directory`.
 */
import type { Stats } from "node:fs";

/** Returns the user ids to trust: our own, root's, and that of the user who ran `sudo`. */
function trustedOwners(): readonly number[] {
  const self = process.geteuid?.() ?? 0;
  const caller = self === 0 ? Number.parseInt(process.env.SUDO_UID ?? "", 10) : Number.NaN;
  return Number.isNaN(caller) ? [self, 0] : [self, 0, caller];
}

/** Whether a file or folder belongs to this user, to root, or to the user who ran `sudo`. */
export function isTrustedOwner({ uid }: Pick<Stats, "uid">): boolean {
  return trustedOwners().includes(uid);
}

/** Whether any user may replace our files in this folder: no if it has the sticky bit. */
export function isOpenToAll({ mode }: Pick<Stats, "mode">): boolean {
  return (mode & 0o002) !== 0 && (mode & 0o1000) === 0;
}
