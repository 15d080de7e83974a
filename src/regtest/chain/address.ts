/**
 * Output scripts of segwit addresses (BIP173, BIP350), the only ones that lightningd's `newaddr`
 * returns.
 */

const CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const REGTEST = new RegExp(`^bcrt1([${CHARSET}]+)[${CHARSET}]{6}$`);

/**
 * Returns the output script of an address. Ignores the checksum (the last 6 characters): the
 * address was not typed in.
 * @param address as a node returns it
 * @throws Error if it is not a segwit address of regtest
 */
export function addressScript(address: string): Buffer {
  const data = REGTEST.exec(address)?.[1];
  if (data === undefined) throw new Error(`${address} is not a segwit address of regtest`);
  const [version = 0, ...values] = [...data].map((char) => CHARSET.indexOf(char));
  const bits = values.map((value) => value.toString(2).padStart(5, "0")).join("");
  // The bits left over only fill up the last character.
  const program = (bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2));
  return Buffer.from([version === 0 ? 0 : 0x50 + version, program.length, ...program]);
}
