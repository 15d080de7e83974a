import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

const { version } = JSON.parse(readFileSync("package.json", "utf8"));

export default defineConfig({
  define: { CLN_DEV_VERSION: JSON.stringify(version) },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: "scripts/build.mjs",
    pool: "forks",
    // Half of a test's time is waiting for programs that it has started.
    maxWorkers: 2 * availableParallelism(),
    isolate: true,
    // A test that hangs, on a machine that is busy with other things as well.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
