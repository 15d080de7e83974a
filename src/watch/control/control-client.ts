/** Finds the running watch sessions of this user, and asks one of them. */
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
  /** Its node is the embedded one. */
  readonly embedded: boolean;
  readonly targets: readonly SessionTarget[];
}

/** Of what is asked and answered: a session of another release is passed over. */
export const CONTROL_PROTOCOL = 1;
/** A socket that refuses may be one that is just being opened, ms. */
const OPENING_MS = 10_000;
/** A session that does not say within this time who it is (stopped by Ctrl-Z, say) is passed over. */
const STATUS_TIMEOUT_MS = 1_000;
/** A start and a stop may take as long as the node lets them. */
const RESTART_TIMEOUT_MS = 15 * 60_000;

/**
 * The sockets of sessions that run, or that have been killed. None if the folder for them cannot be
 * used: then no session has one there either.
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

/** The sessions that answer. Sockets that nobody listens on are removed. */
export async function findSessions(sockets = controlSockets()): Promise<RunningSession[]> {
  const sessions = await Promise.all(sockets.map(askStatus));
  return sessions.filter((session) => session !== undefined).sort((a, b) => a.pid - b.pid);
}

/**
 * Asks a session to reload, and waits for the outcomes: none if the filter fits nothing.
 * @throws Failure `session-gone`: it ended before; NodeUnreachable `cut`: the signal was aborted
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

/** Lets another session look for those that share its plugins. */
export async function announce(control: string): Promise<void> {
  await callNode(control, "announce", {}, { timeoutMs: STATUS_TIMEOUT_MS });
}

function sessionGone(control: string, cause: unknown): Failure {
  return new Failure({
    kind: "session-gone",
    what: `the watch session (pid ${pidOf(control)}) ended before it had reloaded`,
    fix: "Run the command again: it then reloads by itself",
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

/** The caller has not named the network: mainnet stays out of reach. */
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

/** The session is this same program, of this same user: its event is taken for what it says it is. */
function isOutcomeOfSession(value: unknown): value is Outcome {
  return isObject(value) && OUTCOMES.includes(String(value.event));
}
