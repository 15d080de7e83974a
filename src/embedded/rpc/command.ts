/**
 * A client's request until it is answered (struct command of lightningd/jsonrpc.c). If it outlives
 * its connection, its answer is discarded.
 */
import { messageOf } from "../../errors/failure.js";
import { Token } from "../../jsonrpc/token.js";
import type { NodeLog } from "../log/node-log.js";
import { type JsonRecord, type JsonValue, jsonText } from "./json-text.js";
import type { ResultFilter } from "./result-filter.js";
import { CheckPassed, LIGHTNINGD, RpcFault } from "./rpc-fault.js";

/** The connection, as its commands see it. */
export interface CommandOrigin {
  /** Its source in the log: `jsonrpc#<number>`. */
  readonly logSource: string;
  /** Whether the client asked for `message` and `progress` notifications. */
  notificationsEnabled: boolean;
  write(text: string, isLogged?: boolean): void;
  commandDone(command: Command): void;
}

const NO_PARAMS = new Token("{}");

export class Command {
  /** The method's name in the log. `check` replaces it with the name of the method to check. */
  name = "";
  params: Token = NO_PARAMS;
  /** Whether this is a `check`: the method must not act. */
  checking = false;
  filter: ResultFilter | undefined;
  /** Copied from the connection when the request arrives. */
  readonly wantsNotifications: boolean;
  #isDetached = false;

  /**
   * @param id the id as JSON text, including any quotes
   * @param request the whole request, as received or as replaced by a plugin
   */
  constructor(
    readonly id: string,
    public request: Token,
    readonly log: NodeLog,
    readonly origin: CommandOrigin,
  ) {
    this.wantsNotifications = origin.notificationsEnabled;
  }

  /** Replaces the client's request. The answer keeps the client's id. */
  replaceRequest(request: Token): void {
    this.request = request;
    this.name = request.member("method")?.text ?? this.name;
    this.params = request.member("params") ?? NO_PARAMS;
  }

  /** Discards the answer, because the client is gone. */
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

  /** Writes a `message` or `progress` notification ahead of the answer. */
  notify(text: string): void {
    if (!this.#isDetached) this.origin.write(text);
  }

  /** Answers with this text, unchanged. */
  respond(text: string): void {
    if (this.#isDetached) {
      this.log.add("lightningd", "debug", "Command returned result after jcon close");
      return;
    }
    // lightningd means to skip these ("Suppressing logging of getlog command") but keeps 256 KiB of
    // each. After 60 of them its log would hold nothing else.
    this.origin.write(text, this.name !== "getlog");
    this.origin.commandDone(this);
  }

  /** Runs the action and answers with its result, if any, or with the error that it throws. */
  finish(action: () => JsonRecord | undefined): void {
    try {
      const result = action();
      if (result !== undefined) this.succeed(result);
    } catch (error) {
      if (error instanceof CheckPassed) this.succeed({ command_to_check: this.name });
      else if (error instanceof RpcFault) this.fail(error);
      else {
        // A full disk, for example. lightningd would exit; the embedded node does not.
        this.log.add("lightningd", "broken", `${this.name}: ${messageOf(error)}`);
        this.fail(new RpcFault(LIGHTNINGD, `${this.name} failed: ${messageOf(error)}`));
      }
    }
  }
}
