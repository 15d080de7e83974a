/**
 * Finds who has the address that a plugin cannot bind. On Linux the kernel's tables show it: a
 * listening process, lingering connections of an earlier process, or a leftover socket file.
 */
import { readFileSync } from "node:fs";
import { tryStat } from "../../filesystem/try-read.js";
import { openedBy, processIds, readProc } from "../../node/process-table.js";
import type { PluginLanguage } from "../../plugin/file/language.js";

const TABLES = ["/proc/net/tcp", "/proc/net/tcp6", "/proc/net/udp", "/proc/net/udp6"];
/** The state of a TCP socket that listens (include/net/tcp_states.h). */
const LISTEN = "0A";

interface Address {
  readonly reason: string;
  readonly fix: string;
}

/** Explains an address that is in use. @param words the error, and the line of code that failed */
export function describeAddress(words: string, language: PluginLanguage): Address {
  const socketFile = [...words.matchAll(/["'\s](\/[^"'\s]+)/g)]
    .map((match) => match[1] ?? "")
    .find((path) => tryStat(path)?.isSocket());
  if (socketFile !== undefined || /AF_UNIX|UnixStream|UnixListener/.test(words)) {
    const name = socketFile ?? "its unix socket file";
    return {
      reason: `${name} is left over from an earlier run of the plugin`,
      fix: `Remove the file before the plugin binds it: ${language === "python" ? "os.unlink(path)" : "unlink it"}`,
    };
  }
  const port = portIn(words);
  const sockets = port === undefined ? undefined : socketsOn(port);
  if (port === undefined || sockets === undefined) {
    return {
      reason: "the address that it listens on is in use, probably by a leftover instance",
      fix: "End what holds it, give the plugin another port, or set SO_REUSEADDR before it binds",
    };
  }
  const listener = sockets.find(({ state }) => state === LISTEN);
  if (listener !== undefined) {
    const holder = holderOf(listener.inode);
    const name =
      holder === undefined ? "another process" : `process ${holder.pid} (${holder.name})`;
    return {
      reason: `${name} listens on port ${port}`,
      fix: `End it${holder === undefined ? "" : ` (kill ${holder.pid})`}, or give the plugin another port`,
    };
  }
  if (sockets.length > 0) {
    return {
      reason: `no process listens on port ${port}, but connections of the previous version linger there`,
      fix: `Allow that before bind: ${REUSE[language] ?? "SO_REUSEADDR"}`,
    };
  }
  return {
    reason: `port ${port} was in use when the plugin bound it, and is free now: probably the previous version had not ended yet`,
    fix: "Save again, or set SO_REUSEADDR before it binds",
  };
}

const REUSE: Readonly<Partial<Record<PluginLanguage, string>>> = {
  python: "sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)",
};

/** `127.0.0.1:8080`, `("", 8080)`, `listen(8080)`. */
function portIn(words: string): number | undefined {
  const match = /(?::|,\s*|\()(\d{2,5})\b(?!\.)/.exec(words.replace(/\[?Errno \d+\]?/g, ""));
  const port = Number(match?.[1]);
  return port > 0 && port < 65_536 ? port : undefined;
}

/** The ports that a process listens on; empty if unknown. */
export function portsOf(pid: number): readonly number[] {
  const inodes = [...openedBy(pid).values()].flatMap(
    (opened) => /^socket:\[(\d+)\]$/.exec(opened)?.[1] ?? [],
  );
  const listening = (sockets() ?? []).filter(
    ({ state, inode }) => state === LISTEN && inodes.includes(inode),
  );
  return [...new Set(listening.map(({ port }) => port))];
}

interface BoundSocket {
  readonly port: number;
  readonly state: string;
  readonly inode: string;
}

function socketsOn(port: number): readonly BoundSocket[] | undefined {
  return sockets()?.filter((socket) => socket.port === port);
}

/** @returns undefined if the kernel has none of the tables. Those of IPv6 may be missing alone. */
function sockets(): readonly BoundSocket[] | undefined {
  const tables = TABLES.flatMap((table) => {
    try {
      return [readFileSync(table, "utf8")];
    } catch {
      return [];
    }
  });
  if (tables.length === 0) return undefined;
  return tables
    .flatMap((table) => table.trimEnd().split("\n").slice(1))
    .map((line) => line.trim().split(/\s+/))
    .map(([, local = "", , state = "", , , , , , inode = ""]) => ({
      port: Number.parseInt(local.slice(local.lastIndexOf(":") + 1), 16),
      state,
      inode,
    }));
}

/** Searches the processes that we may look into: our own. */
function holderOf(inode: string): { pid: number; name: string } | undefined {
  const socket = `socket:[${inode}]`;
  const pid = processIds().find((one) => [...openedBy(one).values()].includes(socket));
  if (pid === undefined) return undefined;
  return { pid, name: readProc(pid, "comm")?.trim() ?? "it has just ended" };
}
