/** Detects file systems without events for changes made elsewhere: their files must be polled. */
import { readFileSync } from "node:fs";
import { isBelow } from "../../plugin/file/ignore-rules.js";

/** Types of network and shared file systems in Linux's mount table (man 5 proc, mountinfo). */
const SILENT =
  /^(9p|drvfs|nfs\d?|cifs|smb\d?|smbfs|afs|vboxsf|prl_fs|virtiofs|fakeowner|fuse\.(sshfs|vmhgfs-fuse|osxfs|grpcfuse|virtiofs|rclone|s3fs|gvfsd-fuse|davfs2?))$/;

const MOUNT_TABLE = "/proc/self/mountinfo";

/**
 * Returns the type of the file system that a path is on, or undefined if it sends events.
 * @param path absolute, with symlinks resolved
 * @param table the mount table, for tests
 */
export function silentFileSystem(path: string, table = MOUNT_TABLE): string | undefined {
  let mounts: string;
  try {
    mounts = readFileSync(table, "utf8");
  } catch {
    return undefined; // Not Linux.
  }
  let nearest = { point: "", type: "" };
  for (const line of mounts.split("\n")) {
    const [before = "", after = ""] = line.split(" - ");
    const point = unescaped(before.split(" ")[4] ?? "");
    const holds = point === path || (point !== "" && isBelow(point, path));
    // If two file systems are mounted in one place, the later one counts.
    if (holds && point.length >= nearest.point.length) {
      nearest = { point, type: after.split(" ")[0] ?? "" };
    }
  }
  return SILENT.test(nearest.type) ? nearest.type : undefined;
}

/** The kernel writes a space in a path as `\040`. */
function unescaped(text: string): string {
  return text.replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
}
