/** Parameters from the command line, by lightning-cli's rules (cli/lightning-cli.c is_literal). */
import { usageFailure } from "../../errors/failure.js";
import { parseJson, RawJson } from "../../jsonrpc/json.js";

/**
 * Digits, `true`, `false`, `null`, and what is in `{}`, `[]` or `""` go as JSON; all else as a
 * string. Digits with a leading zero are a string: they may be hex.
 * @param keywords the parameters are `key=value`; if not given, that is so when the first one has a `=`
 * @throws Failure (exit code 2): `key=value` was expected
 */
export function callParams(params: readonly string[], keywords?: boolean): RawJson {
  if (!(keywords ?? params[0]?.includes("=") ?? false)) {
    return new RawJson(`[${params.map(jsonOf).join(",")}]`);
  }
  const members = params.map((param) => {
    const at = param.indexOf("=");
    if (at < 1) {
      throw usageFailure(`expected key=value, not ${JSON.stringify(param)}`, {
        fix: "Write every parameter as key=value, or none",
      });
    }
    return `${JSON.stringify(param.slice(0, at))}:${jsonOf(param.slice(at + 1))}`;
  });
  return new RawJson(`{${members.join(",")}}`);
}

function jsonOf(text: string): string {
  return isLiteral(text) && parseJson(text) !== undefined ? text : JSON.stringify(text);
}

function isLiteral(text: string): boolean {
  if (/^0\d+$/.test(text)) return false;
  return /^([\d.]+|true|false|null|\{.*\}|\[.*\]|".*")$/s.test(text);
}
