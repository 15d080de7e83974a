/** Encodes command-line parameters as lightning-cli does (cli/lightning-cli.c is_literal). */
import { usageFailure } from "../../errors/failure.js";
import { parseJson, RawJson } from "../../jsonrpc/json.js";

/**
 * Encodes parameters as JSON. Digits, `true`, `false`, `null`, and text in `{}`, `[]` or `""` are
 * sent as JSON, everything else as a string. Digits with a leading zero are a string: they may be
 * hex.
 * @param keywords whether the parameters are `key=value`. Default: whether the first one has a `=`
 * @throws Failure (exit code 2) if a parameter should be `key=value` but is not
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
