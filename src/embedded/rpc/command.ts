/**
 * One request of a client, until it is answered (struct command of lightningd/jsonrpc.c). It may
 * outlive its connection: then its answer goes nowhere.
 */
import { messageOf } from "../../errors/failure.js";
import { Token } from "../../jsonrpc/token.js";
import type { NodeLog } from "../log/node-log.js";
import { type JsonRecord, type JsonValue, jsonText } from "./json-text.js";
import type { ResultFilter } from "./result-filter.js";
import { CheckPassed, LIGHTNINGD, RpcFault } from "./rpc-fault.js";

/** The connection, as its commands see it. */
export interface CommandOrigin {
  /** The source under which it logs: `jsonrpc#<number>`. */
  readonly logSource: string;
  /** Whether the client asked for `message` and `progress` notifications. */
  notificationsEnabled: boolean;
  write(text: string, isLogged?: boolean): void;
  commandDone(command: Command): void;
}

const NO_PARAMS = new Token("{}");

export class Command {
  /** The method's name in the log and for `check`, which replaces it. */
  name = "";
  params: Token = NO_PARAMS;
  /** `check` only wants to know whether it would work. */
  checking = false;
  filter: ResultFilter | undefined;
  /** Copied from the connection when the command came. */
  readonly wantsNotifications: boolean;
  #isDetached = false;

  /**
   * @param id the text of the id's token, quotes included
   * @param request the whole request as received, or as a plugin has replaced it
   */
  constructor(
    readonly id: string,
    public request: Token,
    readonly log: NodeLog,
    readonly origin: CommandOrigin,
  ) {
    this.wantsNotifications = origin.notificationsEnabled;
  }

  /** Runs another request in the client's place; the answer has the client's id. */
  replaceRequest(request: Token): void {
    this.request = request;
    this.name = request.member("method")?.text ?? this.name;
    this.params = request.member("params") ?? NO_PARAMS;
  }

  /** The client is gone. */
  detach(): void {
    this.#isDetached = true;
  }

  succeed(result: JsonRecord): void {
    const shown: JsonValue = this.filter === undefined ? result : this.filter(result);
    this.respond(`{"jsonrpc":"2.0","id":${this.id},"result":${jsonText(shown)}}`);
  }

  fail({ code, message }: RpcFault): void {
    this.respond(`{"jsonrpc":"2.0","id":${this.id},"error":${jsonText({ code, message })}}`);
  }

  /** Writes something before the answer: a `message` or `progress` notification. */
  notify(text: string): void {
    if (!this.#isDetached) this.origin.write(text);
  }

  /** Writes the answer's text unchanged. */
  respond(text: string): void {
    if (this.#isDetached) {
      this.log.add("lightningd", "debug", "Command returned result after jcon close");
      return;
    }
    // lightningd means to leave these out ("Suppressing logging of getlog command") but keeps 256
    // KiB of each: after 60 of them its log would hold nothing else.
    this.origin.write(text, this.name !== "getlog");
    this.origin.commandDone(this);
  }

  /** Answers with the outcome of the action: its result, or the fault that it throws. */
  finish(action: () => JsonRecord | undefined): void {
    try {
      const result = action();
      if (result !== undefined) this.succeed(result);
    } catch (error) {
      if (error instanceof CheckPassed) this.succeed({ command_to_check: this.name });
      else if (error instanceof RpcFault) this.fail(error);
      else {
        // A full disk, for example: lightningd then exits, the embedded node does not.
        this.log.add("lightningd", "broken", `${this.name}: ${messageOf(error)}`);
        this.fail(new RpcFault(LIGHTNINGD, `${this.name} failed: ${messageOf(error)}`));
      }
    }
  }
}
