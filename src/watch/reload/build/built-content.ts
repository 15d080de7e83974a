/** What a build made: if it is the same as before, no reload is needed. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";

/** A hash of what a build made; undefined if it cannot be read. */
export async function builtContent(path: string): Promise<string | undefined> {
  const hash = createHash("sha1");
  try {
    await pipeline(createReadStream(path), hash);
    return hash.digest("base64");
  } catch {
    return undefined;
  }
}
