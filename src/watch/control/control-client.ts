/** Finds the running watch sessions of this user, and asks one of them. */
import { readdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { Failure } from "../../errors/failure.js";
import { OUTCOMES } from "../../events/outcomes.js";
import type { Outcome } from "../../events/watch-events.js";
import { isObject, type JsonObject } from "../../jsonrpc/json.js";
import { callNode } from "../../node/rpc/client.js";
import { NodeUnreachable } from "../../node/rpc/errors.js";
import type { NodeAddress, PluginOption } from "../../settings/types.js";
import { controlFolder, isWithoutRoom } from "./socket-folder.js";
import type { RestartFilter } from "./target-filter.js";

export interface SessionTarget {
  /** The plugin as the session's user named it, absolute. */
  readonly path: string;
  /** The same without symlinks. */
  readonly realPath: string;
  readonly node: NodeAddress;
}

export interface RunningSession {
  readonly control: string;
  readonly pid: number;
  /** Its node is the embedded one. */
  readonly embedded: boolean;
  readonly targets: readonly SessionTarget[];
}

/** A session that does not say within this time who it is (stopped by Ctrl-Z, say) is passed over. */
const STATUS_TIMEOUT_MS = 1_000;
/** A start and a stop may take as long as the node lets them. */
const RESTART_TIMEOUT_MS = 15 * 60_000;

/**
 * The sockets of sessions that run, or that have been killed.
 * @throws Failure `control-folder`: the folder for them is not ours alone
 */
function controlSockets(): string[] {
  try {
    const folder = controlFolder();
    const names = readdirSync(folder).filter((name) => name.endsWith(".sock"));
    return names.map((name) => join(folder, name));
  } catch (error) {
    // Then no session can have one there either.
    if (isWithoutRoom(error)) return [];
    throw error;
  }
}

/** The sessions that answer. Sockets that nobody listens on are removed. */
export async function findSessions(sockets = controlSockets()): Promise<RunningSession[]> {
  const sessions = await Promise.all(sockets.map(askStatus));
  return sessions.filter((session) => session !== undefined).sort((a, b) => a.pid - b.pid);
}

/**
 * Asks a session to reload, and waits for what comes of it: nothing where the filter fits nothing.
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
      rmSync(control, { force: true });
    }
    return undefined;
  }
}

function sessionGone(control: string, cause: unknown): Failure {
  return new Failure({
    kind: "session-gone",
    what: `the watch session (pid ${basename(control, ".sock")}) ended before it had reloaded`,
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

/** Whoever asks has not named the network: mainnet stays out of reach. */
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
