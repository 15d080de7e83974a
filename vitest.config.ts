import { readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";

const { version } = JSON.parse(readFileSync("package.json", "utf8"));

export default defineConfig({
  define: { CLN_DEV_VERSION: JSON.stringify(version) },
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    isolate: true,
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
