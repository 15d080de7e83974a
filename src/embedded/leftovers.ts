/**
 * Plugins that outlived a node which was itself killed: each process is noted in a file in the
 * network directory, and the next node there ends those that are still alive. A process is known by
 * its pid together with its start time and the system's boot, so that no other is ever hit.
 */
import { appendFileSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

export interface Leftovers {
  processBegan(pid: number): void;
  processGone(pid: number): void;
  /** The node ended well: there is nothing to clean up. */
  forget(): void;
}

const FILE = "cln-dev-plugin-processes";

/**
 * Ends what an earlier node left behind, and notes the processes of this one.
 * @param onKilled called with each pid that is ended
 */
export function openLeftovers(networkDir: string, onKilled: (pid: number) => void): Leftovers {
  const path = join(networkDir, FILE);
  for (const { pid, identity } of noted(path)) {
    if (identityOf(pid) !== identity) continue;
    process.kill(pid, "SIGKILL");
    onKilled(pid);
  }
  rmSync(path, { force: true });
  const append = (line: string) => {
    try {
      appendFileSync(path, `${line}\n`, { mode: 0o600 });
    } catch {
      // A full or vanished disk: the note is for the rare case only.
    }
  };
  return {
    processBegan: (pid) => {
      const identity = identityOf(pid);
      if (identity !== undefined) append(`+ ${pid} ${identity}`);
    },
    processGone: (pid) => append(`- ${pid}`),
    forget: () => rmSync(path, { force: true }),
  };
}

function noted(path: string): Iterable<{ pid: number; identity: string }> {
  const open = new Map<number, string>();
  for (const line of readIfThere(path).split("\n")) {
    const [sign, pid, ...identity] = line.split(" ");
    if (sign === "+") open.set(Number(pid), identity.join(" "));
    if (sign === "-") open.delete(Number(pid));
  }
  return [...open].map(([pid, identity]) => ({ pid, identity }));
}

/**
 * The boot and the start time of a process, from /proc; undefined where there is no such process or
 * no /proc: then plugins are left to notice the end of their stdin.
 */
function identityOf(pid: number): string | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`);
  // The name in brackets may hold anything; the fields are counted from its end.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const startTime = fields[19];
  if (!startTime || fields[0] === "Z") return undefined;
  return `${readIfThere("/proc/sys/kernel/random/boot_id").trim()} ${startTime}`;
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
