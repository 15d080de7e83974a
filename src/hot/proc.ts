/** What /proc tells of processes (Linux). Elsewhere the little that can be known without it. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Tells one process from a later one with the same id; undefined where it is gone, or a zombie. */
export function startTimeOf(pid: number): string | undefined {
  const fields = statOf(pid);
  return fields === undefined || fields[0] === "Z" ? undefined : fields[19];
}

/** Whether the process that had this start time is still there. */
export function isSameProcess(pid: number, startTime: string | undefined): boolean {
  if (startTime !== undefined) return startTimeOf(pid) === startTime;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A debugger holds it (gdb, strace); undefined where that cannot be known. */
export function isTraced(pid: number | undefined): boolean {
  const status = readOr(`/proc/${pid}/status`);
  return /^TracerPid:\t[1-9]/m.test(status);
}

/** The environment and the folder that a process was started with; undefined without /proc. */
export function surroundingsOf(
  pid: number,
): { readonly env: NodeJS.ProcessEnv; readonly cwd: string } | undefined {
  try {
    const texts = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    const env = texts.flatMap((text): [string, string][] => {
      const at = text.indexOf("=");
      return at <= 0 ? [] : [[text.slice(0, at), text.slice(at + 1)]];
    });
    return { env: Object.fromEntries(env), cwd: readlinkSync(`/proc/${pid}/cwd`) };
  } catch {
    return undefined;
  }
}

/** All processes that it has started, and they, as they are now: a launcher leaves its plugin behind. */
export function descendantsOf(pid: number): number[] {
  const found: number[] = [];
  for (const parent = [pid]; ; ) {
    const next = parent.pop();
    if (next === undefined) return found;
    const children = childrenOf(next);
    found.push(...children);
    parent.push(...children);
  }
}

function childrenOf(pid: number): number[] {
  let tasks: string[] = [];
  try {
    tasks = readdirSync(`/proc/${pid}/task`);
  } catch {
    // It has ended.
  }
  return tasks.flatMap((task) =>
    readOr(`/proc/${pid}/task/${task}/children`).split(" ").filter(Boolean).map(Number),
  );
}

/** The fields of /proc/PID/stat behind the name, from the state on (proc(5)). */
function statOf(pid: number): string[] | undefined {
  const text = readOr(`/proc/${pid}/stat`);
  const end = text.lastIndexOf(")");
  return end === -1 ? undefined : text.slice(end + 2).split(" ");
}

function readOr(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
