/**
 * Reads a method's parameters, by position or by name, with lightningd's checks, order and messages
 * (common/json_param.c). Used by every built-in method.
 */
import { type Token, unescapeText } from "../../jsonrpc/token.js";
import { type LogLevel, parseLogLevel } from "../../plugin/log-level.js";
import type { Command } from "./command.js";
import { BadParam, CheckPassed, invalidParams } from "./rpc-fault.js";

export interface Param<T> {
  readonly required: boolean;
  readonly read: (token: Token) => T;
  readonly fallback?: T;
}

/** A parameter that must be given. */
export function required<T>(read: (token: Token) => T): Param<T> {
  return { required: true, read };
}

/** A parameter that may be left out. */
export function optional<T>(read: (token: Token) => T): Param<T | undefined> {
  return { required: false, read };
}

/** A parameter with a default. */
export function withDefault<T>(read: (token: Token) => T, fallback: T): Param<T> {
  return { required: false, read, fallback };
}

type Specs = Readonly<Record<string, Param<unknown>>>;

type Values<S extends Specs> = {
  readonly [K in keyof S]: S[K] extends Param<infer T> ? T : never;
};

export interface ReadOptions {
  /** Whether to ignore extra parameters. */
  readonly extra?: boolean;
  /** Whether `check` continues after the parameters, because the method checks more. */
  readonly checksFurther?: boolean;
}

/**
 * Reads and checks the parameters of a command.
 * @param specs the parameters in their positional order
 * @throws RpcFault if lightningd refuses them; CheckPassed if the command is only a `check`
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
  // Each value has the type of its spec, which TypeScript cannot infer from the map.
  return Object.fromEntries(values) as Values<S>;
}

/** Returns the given parameters with their names. */
function givenParams(
  { params }: Command,
  names: readonly string[],
  extra: boolean,
): (readonly [name: string, token: Token])[] {
  if (params.type === "array") {
    const { elements } = params;
    if (elements.length > names.length && !extra) {
      throw invalidParams(`too many parameters: got ${elements.length}, expected ${names.length}`);
    }
    return elements.flatMap((token, index) => {
      const name = names[index];
      return name === undefined || token.isNull ? [] : [[name, token] as const];
    });
  }
  if (params.type !== "object") throw invalidParams("Expected array or object for params");
  const known = params.members.filter(({ keyText }) => names.includes(keyText));
  const unknown = params.members.find(({ keyText }) => !names.includes(keyText));
  if (unknown === undefined || extra) return known.map(({ keyText, value }) => [keyText, value]);
  throw invalidParams(
    `unknown parameter: ${unknown.keyText}, this may be caused by a failure to autodetect ` +
      "key=value-style parameters. Please try using the -k flag and explicit key=value pairs of parameters.",
  );
}

/**
 * Reads one value. Like lightningd, logs a rejected value but leaves it out of the answer, as it
 * may be a secret.
 * @throws RpcFault with lightningd's error if the value is rejected
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
    if (!(error instanceof BadParam)) throw error;
    const [why, value] = [error.why, error.token.raw];
    if (command.checking) throw invalidParams(`${name}: ${why}: invalid token '${value}'`);
    const note = `JSON COMMAND ${command.name}: Invalid parameter ${name} (${why}): token '${value}'`;
    command.log.add("lightningd", "info", note);
    throw invalidParams(`${name}: ${why}: invalid token (see logs for details)`);
  }
}

/** Returns the token's text, whatever its type. */
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

/** Returns the bytes; undefined if not hexadecimal, which lightningd treats as not given. */
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
