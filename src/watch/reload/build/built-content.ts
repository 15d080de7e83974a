/** The result of a build: if it is the same as before, no reload is needed. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";

/** Returns a hash of a build's result; undefined if it cannot be read. */
export async function builtContent(path: string): Promise<string | undefined> {
  const hash = createHash("sha1");
  try {
    await pipeline(createReadStream(path), hash);
    return hash.digest("base64");
  } catch {
    return undefined;
  }
}
