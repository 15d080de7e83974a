/** Why the system watches no more folders, and what to do about it. Used by the file source. */
import { readFileSync } from "node:fs";
import { systemCode } from "../../errors/failure.js";
import { attempt } from "../../filesystem/try-read.js";
import { openedBy, processIds } from "../../node/process-table.js";

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
  // One code for two limits.
  if (code === "EMFILE" && !areInstancesUsedUp()) {
    return {
      reason: "this process may open no more files (ulimit -n)",
      fix: "raise the limit with ulimit -n",
    };
  }
  return {
    reason: "the system has no more inotify instances (fs.inotify.max_user_instances)",
    fix: "raise the limit with sysctl",
  };
}

/** Whether the processes of this user have all the inotify instances that they may have. */
function areInstancesUsedUp(): boolean {
  const limits = [
    "/proc/sys/fs/inotify/max_user_instances",
    "/proc/sys/user/max_inotify_instances",
  ];
  return instances() >= Math.min(...limits.map(numberIn));
}

function instances(): number {
  const open = processIds().flatMap((pid) => [...openedBy(pid).values()]);
  return open.filter((target) => target === "anon_inode:inotify").length;
}

function numberIn(file: string): number {
  return attempt(() => Number(readFileSync(file, "utf8"))) ?? Number.POSITIVE_INFINITY;
}
