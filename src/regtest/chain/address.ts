/** The output script of a segwit address (BIP173, BIP350): all that lightningd's `newaddr` gives. */

const CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
const BECH32 = 1;
const BECH32M = 0x2bc830a3;

/**
 * @param prefix what an address of the network begins with: `bcrt` on regtest
 * @throws Error where it is not a segwit address of that network
 */
export function addressScript(address: string, prefix = "bcrt"): Buffer {
  const lower = address.toLowerCase();
  if (address !== lower && address !== address.toUpperCase()) throw fault(address, "mixed case");
  const separator = lower.lastIndexOf("1");
  if (lower.slice(0, separator) !== prefix)
    throw fault(address, `it does not begin with ${prefix}1`);
  const values = [...lower.slice(separator + 1)].map((char) => CHARSET.indexOf(char));
  const [version, ...data] = values.slice(0, -6);
  if (values.includes(-1) || version === undefined || address.length > 90) {
    throw fault(address, "a character or its length is wrong");
  }
  if (checksum(prefix, values) !== (version === 0 ? BECH32 : BECH32M)) {
    throw fault(address, "its checksum is wrong");
  }
  const program = toBytes(data);
  const fits = version === 0 ? [20, 32].includes(program?.length ?? 0) : version <= 16;
  if (program === undefined || program.length < 2 || program.length > 40 || !fits) {
    throw fault(address, "its version or length is wrong");
  }
  const opcode = version === 0 ? 0 : 0x50 + version;
  return Buffer.concat([Buffer.from([opcode, program.length]), program]);
}

function checksum(prefix: string, values: readonly number[]): number {
  const codes = [...prefix].map((char) => char.charCodeAt(0));
  let check = 1;
  for (const value of [
    ...codes.map((code) => code >> 5),
    0,
    ...codes.map((code) => code & 31),
    ...values,
  ]) {
    const top = check >>> 25;
    check = ((check & 0x1ffffff) << 5) ^ value;
    for (const [bit, term] of GENERATOR.entries()) if ((top >> bit) & 1) check ^= term;
  }
  return check >>> 0;
}

/** From 5 to 8 bits. Undefined where the padding is wrong. */
function toBytes(values: readonly number[]): Buffer | undefined {
  const bytes: number[] = [];
  let held = 0;
  let bits = 0;
  for (const value of values) {
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((held >> bits) & 0xff);
  }
  return bits < 5 && (held & ((1 << bits) - 1)) === 0 ? Buffer.from(bytes) : undefined;
}

function fault(address: string, why: string): Error {
  return new Error(`${address} is not an address for this network: ${why}`);
}
