/** Why the system watches no more folders, and what to do about it. Used by the file source. */
import { readdirSync, readFileSync } from "node:fs";
import { systemCode } from "../../errors/failure.js";

/** Descriptors that a look at a folder takes for a moment. */
const MARGIN = 4;

/** @returns undefined where it is another error than a limit that has been reached */
export function watchLimit(error: unknown): { reason: string; fix: string } | undefined {
  const code = systemCode(error);
  if (code === "ENOSPC") {
    return {
      reason: "the system has no more inotify watches (fs.inotify.max_user_watches)",
      fix: "raise the limit with sysctl",
    };
  }
  if (code !== "EMFILE" && code !== "ENFILE") return undefined;
  const limit = openFilesLimit();
  if (code === "EMFILE" && limit !== undefined && openFiles() >= limit - MARGIN) {
    return {
      reason: `this process may open no more than ${limit} files (ulimit -n)`,
      fix: "raise the limit with ulimit -n",
    };
  }
  return {
    reason: "the system has no more inotify instances (fs.inotify.max_user_instances)",
    fix: "raise the limit with sysctl",
  };
}

function openFilesLimit(): number | undefined {
  try {
    const limits = readFileSync("/proc/self/limits", "utf8");
    const limit = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
    return limit === undefined ? undefined : Number(limit);
  } catch {
    return undefined;
  }
}

function openFiles(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    // Not even this folder can be opened.
    return Number.POSITIVE_INFINITY;
  }
}
