/**
 * Reads a method's parameters, by position or by name, with lightningd's checks, order and words
 * (common/json_param.c). Used by every built-in method.
 */
import { type Token, unescapeText } from "../../jsonrpc/token.js";
import { type LogLevel, parseLogLevel } from "../../plugin/log-level.js";
import type { Command } from "./command.js";
import { BadParam, CheckPassed, invalidParams, type RpcFault } from "./rpc-fault.js";

export interface Param<T> {
  readonly required: boolean;
  readonly fallback: T | undefined;
  read(token: Token): T;
}

export function required<T>(read: (token: Token) => T): Param<T> & { required: true } {
  return { required: true, fallback: undefined, read };
}

export function optional<T>(
  read: (token: Token) => T,
): Param<T> & { required: false; fallback: undefined } {
  return { required: false, fallback: undefined, read };
}

export function withDefault<T>(
  read: (token: Token) => T,
  fallback: T,
): Param<T> & { required: false; fallback: T } {
  return { required: false, fallback, read };
}

type Specs = Readonly<Record<string, Param<unknown>>>;

type ValueOf<P> = P extends { required: true; read(token: Token): infer T }
  ? T
  : P extends { fallback: undefined; read(token: Token): infer T }
    ? T | undefined
    : P extends { read(token: Token): infer T }
      ? T
      : never;

type Values<S extends Specs> = { readonly [K in keyof S]: ValueOf<S[K]> };

export interface ReadOptions {
  /** Parameters beyond those named are left alone. */
  readonly extra?: boolean;
  /** A `check` goes on after the parameters: the method looks further itself. */
  readonly checksFurther?: boolean;
}

/**
 * @param specs the parameters in their positional order
 * @throws RpcFault where lightningd refuses them; CheckPassed where that was all that was asked
 */
export function readParams<S extends Specs>(
  command: Command,
  specs: S,
  options: ReadOptions = {},
): Values<S> {
  const values = new Map<string, unknown>();
  const given = givenParams(command, Object.keys(specs), options.extra ?? false);
  for (const [name, token] of given) {
    if (values.has(name)) throw invalidParams(`duplicate json names: ${name}`);
    const spec = specs[name];
    if (spec !== undefined) values.set(name, readValue(command, name, spec.read, token));
  }
  for (const [name, spec] of Object.entries(specs)) {
    if (values.has(name)) continue;
    if (spec.required) throw invalidParams(`missing required parameter: ${name}`);
    values.set(name, spec.fallback);
  }
  if (command.checking && !options.checksFurther) throw new CheckPassed();
  // The map holds a value of its spec's type under each name: TypeScript cannot follow that.
  return Object.fromEntries(values) as Values<S>;
}

function* givenParams(
  command: Command,
  names: readonly string[],
  extra: boolean,
): Generator<readonly [name: string, token: Token]> {
  const { params } = command;
  if (params.type === "array") {
    const { elements } = params;
    for (const [index, token] of elements.entries()) {
      const name = names[index];
      if (name === undefined) {
        if (extra) return;
        throw invalidParams(
          `too many parameters: got ${elements.length}, expected ${names.length}`,
        );
      }
      if (!token.isNull) yield [name, token];
    }
  } else if (params.type === "object") {
    for (const { keyText: key, value } of params.members) {
      if (names.includes(key)) yield [key, value];
      else if (!extra) throw unknownParameter(key);
    }
  } else {
    throw invalidParams("Expected array or object for params");
  }
}

function unknownParameter(name: string): RpcFault {
  return invalidParams(
    `unknown parameter: ${name}, this may be caused by a failure to autodetect key=value-style ` +
      "parameters. Please try using the -k flag and explicit key=value pairs of parameters.",
  );
}

/**
 * Reads one value and gives lightningd's error where it is not taken.
 * @throws RpcFault
 */
export function readValue<T>(
  command: Command,
  name: string,
  read: (token: Token) => T,
  token: Token,
): T {
  try {
    return read(token);
  } catch (error) {
    if (error instanceof BadParam) throw badParameter(command, name, error);
    throw error;
  }
}

/** lightningd keeps the value out of its answer, for it may be a secret, and puts it into its log. */
function badParameter(command: Command, name: string, { token, why }: BadParam): RpcFault {
  if (command.checking) return invalidParams(`${name}: ${why}: invalid token '${token.raw}'`);
  command.log.add(
    "lightningd",
    "info",
    `JSON COMMAND ${command.name}: Invalid parameter ${name} (${why}): token '${token.raw}'`,
  );
  return invalidParams(`${name}: ${why}: invalid token (see logs for details)`);
}

/** The token's text, whatever kind of value it is. */
export function text(token: Token): string {
  return token.text;
}

export function anything(): undefined {
  return undefined;
}

export function escapedText(token: Token): string {
  const plain = token.type === "string" ? unescapeText(token.text) : undefined;
  if (plain === undefined) throw new BadParam(token, "should be a string (without \\u)");
  return plain;
}

export function bool(token: Token): boolean {
  if (token.bool === undefined) throw new BadParam(token, "should be 'true' or 'false'");
  return token.bool;
}

export function number(token: Token): number {
  const value = token.unsigned;
  if (value === undefined || value > 0xffff_ffffn) {
    throw new BadParam(token, "should be an integer");
  }
  return Number(value);
}

export function u64(token: Token): bigint {
  const value = token.unsigned;
  if (value === undefined) throw new BadParam(token, "should be an unsigned 64 bit integer");
  return value;
}

/** The bytes; undefined where it is not hexadecimal, which lightningd takes for not given. */
export function readHex(token: Token): Buffer | undefined {
  return /^([0-9a-f]{2})*$/i.test(token.text) ? Buffer.from(token.text, "hex") : undefined;
}

export function logLevel(token: Token): LogLevel {
  const level = parseLogLevel(token.text);
  if (level === undefined) {
    throw new BadParam(token, "should be 'io', 'debug', 'info', or 'unusual'");
  }
  return level;
}

/**
 * The subcommand of a method that has several.
 * @throws RpcFault where it is missing or not one of them
 */
export function readSubcommand<T extends string>(command: Command, known: readonly T[]): T {
  const wasChecking = command.checking;
  command.checking = false;
  const { subcommand } = readParams(command, { subcommand: required(text) }, { extra: true });
  command.checking = wasChecking;
  const found = known.find((name) => name === subcommand);
  if (found === undefined) throw invalidParams(`Unknown subcommand '${subcommand}'`);
  return found;
}
