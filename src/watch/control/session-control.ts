/**
 * Makes a watch session known to other processes: `cln-dev restart` and `list` use its control
 * socket, and sessions with the same plugin report each other.
 */
import { Failure, messageOf } from "../../errors/failure.js";
import type { SessionTarget } from "../../events/reload-target.js";
import type { Outcome } from "../../events/watch-events.js";
import type { PluginOption } from "../../settings/types.js";
import { announce, CONTROL_PROTOCOL, findSessions, type RunningSession } from "./control-client.js";
import { type ControlMethods, ControlServer } from "./control-server.js";
import { controlFolder } from "./socket-folder.js";
import { type RestartFilter, readFilter, readOptions } from "./target-filter.js";

/** Another watch session with the same plugin on the same node: they undo each other's work. */
export interface DuplicateSession {
  readonly session: RunningSession;
  /** The target of this session that the other one has, too. */
  readonly target: SessionTarget;
}

export interface ControlledSession {
  readonly embedded: boolean;
  readonly targets: () => readonly SessionTarget[];
  readonly restart: (filter: RestartFilter) => Promise<Outcome[]>;
  readonly setOptions: (
    filter: RestartFilter,
    options: readonly PluginOption[],
  ) => Promise<Outcome[]>;
  readonly onDuplicate: (duplicate: DuplicateSession) => void;
}

export class SessionControl {
  readonly #session: ControlledSession;
  #server: ControlServer | undefined;
  #reports: Promise<void> = Promise.resolve();

  constructor(session: ControlledSession) {
    this.#session = session;
  }

  /**
   * Opens the control socket.
   * @returns why that failed, as text for the terminal; undefined if it did not
   */
  async open(): Promise<string | undefined> {
    try {
      this.#server = await ControlServer.open(controlFolder(), this.#methods());
      return undefined;
    } catch (error) {
      const fix = error instanceof Failure && error.fix !== undefined ? `. ${error.fix}` : "";
      return `cannot open the control socket, so cln-dev restart cannot find this session: ${messageOf(error)}${fix}`;
    }
  }

  /** The path of the control socket; undefined if there is none. */
  get path(): string | undefined {
    return this.#server?.path;
  }

  /** Reports the sessions that share a plugin with this one, and asks them to report this one. */
  announce(): void {
    if (this.#server !== undefined) this.#reports = this.#reportDuplicates(true);
  }

  async close(): Promise<void> {
    await this.#server?.close();
    await this.#reports;
  }

  /** @param isFirst whether the other sessions do not know of this one yet */
  async #reportDuplicates(isFirst: boolean): Promise<void> {
    for (const session of await findSessions().catch(() => [])) {
      const target = this.#session.targets().find((own) => has(session, own));
      if (target === undefined || session.pid === process.pid) continue;
      this.#session.onDuplicate({ session, target });
      if (isFirst) await announce(session.control).catch(() => {});
    }
  }

  /** Returns the methods of the control socket. */
  #methods(): ControlMethods {
    const session = this.#session;
    return {
      status: () => ({
        protocol: CONTROL_PROTOCOL,
        pid: process.pid,
        embedded: session.embedded,
        targets: session.targets(),
      }),
      announce: () => {
        this.#reports = this.#reports.then(() => this.#reportDuplicates(false));
        return {};
      },
      restart: async (params) => {
        const [filter, options] = [readFilter(params), readOptions(params)];
        const outcomes =
          options.length > 0 ? session.setOptions(filter, options) : session.restart(filter);
        return { outcomes: await outcomes };
      },
    };
  }
}

function has({ targets }: RunningSession, { realPath, node }: SessionTarget): boolean {
  return targets.some((its) => its.realPath === realPath && its.node.rpcFile === node.rpcFile);
}
