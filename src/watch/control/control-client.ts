/** Finds the running watch sessions of this user, and sends them requests. */
import { readdirSync, rmSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { Failure, systemCode } from "../../errors/failure.js";
import { OUTCOMES } from "../../events/outcomes.js";
import type { SessionTarget } from "../../events/reload-target.js";
import type { Outcome } from "../../events/watch-events.js";
import { isObject, type JsonObject } from "../../jsonrpc/json.js";
import { callNode } from "../../node/rpc/client.js";
import { NodeUnreachable } from "../../node/rpc/errors.js";
import type { NodeAddress, PluginOption } from "../../settings/types.js";
import { controlFolder } from "./socket-folder.js";
import type { RestartFilter } from "./target-filter.js";

export interface RunningSession {
  readonly control: string;
  readonly pid: number;
  /** Whether its node is the embedded one. */
  readonly embedded: boolean;
  readonly targets: readonly SessionTarget[];
}

/** The version of the control protocol: sessions with another version are ignored. */
export const CONTROL_PROTOCOL = 1;
/** How long a socket that refuses connections may still be about to listen, in ms. */
const OPENING_MS = 10_000;
/** How long a session may take to answer, in ms: one that was stopped by Ctrl-Z is ignored. */
const STATUS_TIMEOUT_MS = 1_000;
/** How long a restart may take, in ms: the node decides how long it waits for a plugin. */
const RESTART_TIMEOUT_MS = 15 * 60_000;

/**
 * Returns the sockets of sessions that run or were killed. Empty if their folder cannot be used,
 * since no session can have a socket there.
 */
function controlSockets(): string[] {
  try {
    const folder = controlFolder();
    const names = readdirSync(folder).filter((name) => name.endsWith(".sock"));
    return names.map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/** Returns the sessions that answer. Removes sockets that no process listens on. */
export async function findSessions(sockets = controlSockets()): Promise<RunningSession[]> {
  const sessions = await Promise.all(sockets.map(askStatus));
  return sessions.filter((session) => session !== undefined).sort((a, b) => a.pid - b.pid);
}

/**
 * Asks a session to reload, and waits for the outcomes: none if the filter matches nothing.
 * @throws Failure `session-gone` if it ended first; NodeUnreachable `cut` if the signal is aborted
 */
export async function askRestart(
  control: string,
  filter: RestartFilter,
  newOptions: readonly PluginOption[],
  signal: AbortSignal,
): Promise<Outcome[]> {
  const options = { timeoutMs: RESTART_TIMEOUT_MS, signal };
  const asked = callNode(control, "restart", { ...filter, options: newOptions }, options);
  const answer = await asked.catch((error: unknown) => {
    throw signal.aborted ? error : sessionGone(control, error);
  });
  const outcomes = isObject(answer) && Array.isArray(answer.outcomes) ? answer.outcomes : [];
  return outcomes.filter(isOutcomeOfSession);
}

async function askStatus(control: string): Promise<RunningSession | undefined> {
  try {
    const status = await callNode(control, "status", {}, { timeoutMs: STATUS_TIMEOUT_MS });
    if (!isObject(status) || typeof status.pid !== "number") return undefined;
    if (status.protocol !== CONTROL_PROTOCOL) return undefined;
    const targets = Array.isArray(status.targets) ? status.targets : [];
    const embedded = status.embedded === true;
    return {
      control,
      pid: status.pid,
      embedded,
      targets: targets.filter(isObject).map(readTarget),
    };
  } catch (error) {
    if (error instanceof NodeUnreachable && error.reason === "refused") {
      removeDead(control);
    }
    return undefined;
  }
}

function removeDead(control: string): void {
  const made = statSync(control, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const isOld = Date.now() - made > OPENING_MS;
  if (isOld || !isProcess(pidOf(control))) rmSync(control, { force: true });
}

function pidOf(control: string): number {
  return Number.parseInt(basename(control), 10);
}

function isProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === "EPERM";
  }
}

/** Asks another session to look for sessions that share its plugins. */
export async function announce(control: string): Promise<void> {
  await callNode(control, "announce", {}, { timeoutMs: STATUS_TIMEOUT_MS });
}

function sessionGone(control: string, cause: unknown): Failure {
  return new Failure({
    kind: "session-gone",
    what: `the watch session (pid ${pidOf(control)}) ended before the reload`,
    fix: "Run the command again to reload without the session",
    exitCode: 1,
    cause,
  });
}

function readTarget(target: JsonObject): SessionTarget {
  return {
    path: String(target.path),
    realPath: String(target.realPath),
    node: readNode(isObject(target.node) ? target.node : {}),
  };
}

/** Reads a node's address as one that the caller has not named, so mainnet stays protected. */
function readNode(node: JsonObject): NodeAddress {
  return {
    lightningDir: String(node.lightningDir),
    network: String(node.network),
    networkNamedBy: "default",
    networkDir: String(node.networkDir),
    rpcFile: String(node.rpcFile),
    hints: [],
  };
}

/** Only checks the name: a session is the same program, run by the same user, so it is trusted. */
function isOutcomeOfSession(value: unknown): value is Outcome {
  return isObject(value) && OUTCOMES.includes(String(value.event));
}
