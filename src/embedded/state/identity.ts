/**
 * The node's secret and public id, derived as in lightningd (hsmd/libhsmd.c): the same file gives
 * the same id and the same `makesecret` answers in both. Used by node.ts.
 */
import { createECDH, hkdfSync, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { usageFailure } from "../../errors/failure.js";
import { readOwnedFile } from "../../filesystem/owned-file.js";

export interface Identity {
  /** The public key, 66 hexadecimal digits. */
  readonly id: string;
  readonly alias: string;
  /** Six hexadecimal digits. */
  readonly color: string;
  /** Derives a secret of 32 bytes for a purpose. */
  makeSecret(info: Buffer): Buffer;
}

const SECRET_BYTES = 32;

/**
 * Reads `hsm_secret` in the network directory. Creates it if missing.
 * @param given alias and color, if the node's options set them
 * @throws Failure if the file belongs to another user or does not hold a secret
 */
export function loadIdentity(
  networkDir: string,
  given: { readonly alias: string | undefined; readonly color: string | undefined },
): Identity {
  const secret = readSecret(join(networkDir, "hsm_secret"));
  const ecdh = createECDH("secp256k1");
  ecdh.setPrivateKey(hkdf(secret, Buffer.alloc(4), "nodeid"));
  const id = ecdh.getPublicKey("hex", "compressed");
  const base = hkdf(secret, Buffer.alloc(0), "derived secrets");
  return {
    id,
    alias: given.alias ?? `EMBEDDED-${id.slice(2, 8).toUpperCase()}`,
    color: given.color ?? id.slice(0, 6),
    makeSecret: (info) => hkdf(base, Buffer.alloc(0), info),
  };
}

function readSecret(path: string): Buffer {
  const kept = readOwnedFile(path, 4096);
  if (kept === undefined) {
    const secret = randomBytes(SECRET_BYTES);
    writeFileSync(path, secret, { mode: 0o400, flag: "wx" });
    return secret;
  }
  if (kept.length === SECRET_BYTES) return kept;
  throw usageFailure(`cannot use ${path}`, {
    why: `it is not exactly ${SECRET_BYTES} bytes long`,
    fix: "Remove it, or choose another directory with --lightning-dir",
  });
}

function hkdf(key: Buffer, salt: Buffer, info: string | Buffer): Buffer {
  return Buffer.from(hkdfSync("sha256", key, salt, info, SECRET_BYTES));
}
