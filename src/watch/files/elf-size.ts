/** How long an ELF file must be by its own headers: a shorter one is still being written or linked. */
import { readSync } from "node:fs";

/**
 * @param head the first 64 bytes of the open file, or fewer
 * @returns bytes, or undefined where it is not an ELF file (man 5 elf)
 */
export function elfSizeBytes(file: number, head: Buffer): number | undefined {
  if (head.length < 4 || head.readUInt32BE(0) !== 0x7f454c46) return undefined;
  if (head.length < 64) return Number.POSITIVE_INFINITY;
  const wide = head[4] === 2;
  const little = head[5] === 1;
  const u16 = (from: Buffer, at: number) =>
    little ? from.readUInt16LE(at) : from.readUInt16BE(at);
  const u32 = (from: Buffer, at: number) =>
    little ? from.readUInt32LE(at) : from.readUInt32BE(at);
  const word = (from: Buffer, at: number) => {
    if (!wide) return u32(from, at);
    return Number(little ? from.readBigUInt64LE(at) : from.readBigUInt64BE(at));
  };
  const tables = wide
    ? { programs: word(head, 32), sections: word(head, 40), sizes: 54 }
    : { programs: word(head, 28), sections: word(head, 32), sizes: 42 };
  const programBytes = u16(head, tables.sizes);
  const programCount = u16(head, tables.sizes + 2);
  const sectionEnd = tables.sections + u16(head, tables.sizes + 4) * u16(head, tables.sizes + 6);
  let end = Math.max(sectionEnd, tables.programs + programBytes * programCount);
  const programs = Buffer.alloc(programBytes * programCount);
  const read = readSync(file, programs, 0, programs.length, tables.programs);
  if (read < programs.length) return end;
  for (let at = 0; at + programBytes <= programs.length; at += programBytes) {
    const offset = word(programs, at + (wide ? 8 : 4));
    const length = word(programs, at + (wide ? 32 : 16));
    end = Math.max(end, offset + length);
  }
  return end;
}
