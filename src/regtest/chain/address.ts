/** The output script of a segwit address (BIP173, BIP350): all that lightningd's `newaddr` gives. */

const CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const REGTEST = new RegExp(`^bcrt1([${CHARSET}]+)[${CHARSET}]{6}$`);

/**
 * The checksum, the last 6 characters, is not looked at: nobody has typed the address.
 * @param address as a node gives it
 * @throws Error if it is not a segwit address of regtest
 */
export function addressScript(address: string): Buffer {
  const data = REGTEST.exec(address)?.[1];
  if (data === undefined) throw new Error(`${address} is not a segwit address of regtest`);
  const [version = 0, ...values] = [...data].map((char) => CHARSET.indexOf(char));
  const bits = values.map((value) => value.toString(2).padStart(5, "0")).join("");
  // What is left over fills the last character.
  const program = (bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2));
  return Buffer.from([version === 0 ? 0 : 0x50 + version, program.length, ...program]);
}
