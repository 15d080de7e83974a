/** A watch that has nothing to do gives back what its last reloads left. */
import { expect, it } from "vitest";
import { SmallMemory } from "../../src/cli/commands/watch/heap-limits.js";
import { until } from "../support/until.js";

it("collects what is no longer used, a while after the last use", async () => {
  const memory = new SmallMemory();
  const left = new WeakRef({ text: "left by a reload" });
  memory.used();
  await until("the collection", () => left.deref() === undefined);
  expect(left.deref()).toBeUndefined();
  memory.close();
});
