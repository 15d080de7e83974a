/**
 * Plugins that outlived a node which was itself killed: each process is noted in a file in the
 * network directory, and the next node there ends those that are still alive. A process is known by
 * its pid together with its start time and the system's boot, so that no other is ever hit.
 */
import { appendFileSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeAlreadyRunning } from "../rpc/already-running.js";
import { TEMPORARY_PREFIX } from "../settings.js";

export interface Leftovers {
  processBegan(pid: number): void;
  processGone(pid: number): void;
  /** The node ended well: there is nothing to clean up. */
  forget(): void;
}

const FILE = "cln-dev-plugin-processes";

/**
 * Ends what an earlier node left behind, and notes the processes of this one.
 * @returns also the pids of what was ended
 * @throws Failure where that node is alive: it may be starting, and not have its socket yet
 */
export function openLeftovers(networkDir: string): {
  readonly leftovers: Leftovers;
  readonly killed: readonly number[];
} {
  const path = join(networkDir, FILE);
  const before = readNotes(path);
  if (isAlive(before.owner)) throw nodeAlreadyRunning(networkDir, `process ${before.owner?.pid}`);
  const killed = killLeft(before);
  rmSync(path, { force: true });
  const append = (line: string) => {
    try {
      appendFileSync(path, `${line}\n`, { mode: 0o600 });
    } catch {
      // A full or vanished disk: the note is for the rare case only.
    }
  };
  const note = (sign: string, pid: number) => {
    const identity = identityOf(pid);
    if (identity !== undefined) append(`${sign} ${pid} ${identity}`);
  };
  note("=", process.pid);
  const leftovers = {
    processBegan: (pid: number) => note("+", pid),
    processGone: (pid: number) => append(`- ${pid}`),
    forget: () => rmSync(path, { force: true }),
  };
  return { leftovers, killed };
}

/** Takes away the temporary folders of nodes that were killed, and what they left running. */
export function removeLeftFolders(): void {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(TEMPORARY_PREFIX)) continue;
    const folder = join(tmpdir(), name);
    try {
      for (const network of readdirSync(folder)) {
        const notes = readNotes(join(folder, network, FILE));
        if (notes.owner === undefined || isAlive(notes.owner)) continue;
        killLeft(notes);
        rmSync(folder, { recursive: true, force: true });
        break;
      }
    } catch {
      // It belongs to somebody else, or goes away as we look.
    }
  }
}

function killLeft(notes: Notes): readonly number[] {
  const alive = notes.plugins.filter(isAlive).map(({ pid }) => pid);
  for (const pid of alive) process.kill(pid, "SIGKILL");
  return alive;
}

interface Notes {
  readonly owner: Noted | undefined;
  readonly plugins: readonly Noted[];
}

interface Noted {
  readonly pid: number;
  readonly identity: string;
}

/** `=` is the node itself, `+` a plugin that began, `-` one that is gone. */
function readNotes(path: string): Notes {
  let owner: Noted | undefined;
  const plugins = new Map<number, string>();
  for (const line of readIfThere(path).split("\n")) {
    const [sign, digits, ...rest] = line.split(" ");
    const [pid, identity] = [Number(digits), rest.join(" ")];
    if (sign === "=") owner = { pid, identity };
    if (sign === "+") plugins.set(pid, identity);
    if (sign === "-") plugins.delete(pid);
  }
  return { owner, plugins: [...plugins].map(([pid, identity]) => ({ pid, identity })) };
}

function isAlive(noted: Noted | undefined): boolean {
  return noted !== undefined && identityOf(noted.pid) === noted.identity;
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
  bootId ??= readIfThere("/proc/sys/kernel/random/boot_id").trim();
  return `${bootId} ${startTime}`;
}

let bootId: string | undefined;

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
