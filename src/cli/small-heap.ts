/** Keeps the memory of long-running commands small. */

/**
 * V8 lets the space for young objects grow while a program is busy, and a watch rests most of the
 * time. If that space keeps its first size, 1,000 reloads leave 4 MiB instead of 33.
 */
export function keepHeapSmall(): void {
  process.getBuiltinModule("node:v8").setFlagsFromString("--semi-space-growth-factor=1");
}
