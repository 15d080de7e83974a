/**
 * Hides secret option values, in reports, logs, JSON and error messages alike. Used by everything
 * that shows an option.
 */

/** Words that mark a secret anywhere in a name (`dbpassword`, `authtoken`). */
const ANYWHERE = /passw(?:or)?d|passphrase|secret|token|macaroon|mnemonic/i;

/** Whether the name contains password, secret, token, macaroon, rune, key or the like. */
export function isSecretName(name: string): boolean {
  if (ANYWHERE.test(name)) return true;
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  // Short words occur inside others: "prune" and "keyword" are not secret.
  return words.some((word) => /(?:^|[^p])runes?\d*$/.test(word) || /keys?\d*$/.test(word));
}

/** Returns the value to show: `***` if the option's name looks secret. */
export function shownValue(option: { readonly name: string; readonly value: unknown }): string {
  if (isSecretName(option.name)) return "***";
  return typeof option.value === "string" ? option.value : JSON.stringify(option.value);
}

/**
 * Returns a function that hides the values of secret options in other texts: lightningd's errors,
 * the plugin's log. A value that may occur by chance (a short word, a number) is hidden only in
 * quotes.
 */
export function redactor(
  options: readonly { readonly name: string; readonly value: unknown }[],
): (text: string) => string {
  const secrets = options.filter(({ name }) => isSecretName(name)).map(({ value }) => `${value}`);
  return (text) =>
    secrets.reduce((shown, secret) => {
      if (secret === "") return shown;
      const quoted = shown.replaceAll(`'${secret}'`, "'***'");
      return isChance(secret) ? quoted : quoted.replaceAll(secret, "***");
    }, text);
}

function isChance(value: string): boolean {
  return value.length < 4 || /^([-+.\d]+|true|false)$/.test(value);
}
