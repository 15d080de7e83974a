/** Explains why the system refuses to watch more folders. Used by the file source. */
import { systemCode } from "../../errors/failure.js";

/**
 * Explains an error caused by a limit on watches or open files.
 * @returns undefined for any other error
 */
export function watchLimit(error: unknown): { reason: string; fix: string } | undefined {
  const code = systemCode(error);
  if (code === "ENOSPC") {
    return {
      reason: "the system has no more inotify watches (fs.inotify.max_user_watches)",
      fix: "raise the limit with sysctl",
    };
  }
  if (code !== "EMFILE" && code !== "ENFILE") return undefined;
  return {
    reason:
      "the system has no more inotify instances (fs.inotify.max_user_instances), or this process may open no more files (ulimit -n)",
    fix: "raise these limits",
  };
}
