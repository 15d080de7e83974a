/** Two watch sessions with one plugin on one node: both report it, and no failure that is none. */
import { expect, it } from "vitest";
import { liveVersion, startNode } from "../../support/nodes.js";
import { writePlugin } from "../../support/plugin.js";
import { Program } from "../../support/program.js";
import { sandbox } from "../../support/sandbox.js";
import { until } from "../../support/until.js";

it("both report the other, and a save is a failure in neither", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const plugin = writePlugin(box.work);
  const first = new Program(box, ["watch", plugin, node.flag, "--json"]);
  await first.next("reloaded");
  const second = new Program(box, ["watch", plugin, node.flag, "--json"]);
  const other = (pid: number) =>
    `another watch session (pid ${pid}) is also running ${plugin} on this node`;
  expect((await second.next("notice")).message).toContain(other(first.pid));
  expect((await first.next("notice", { level: "warn" })).message).toContain(other(second.pid));
  for (const version of ["2", "3", "4"]) {
    const outcomes = () =>
      [first, second].map(
        ({ events }) => events.filter(({ event }) => /reloaded|failed|refused/.test(event)).length,
      );
    const before = outcomes();
    writePlugin(box.work, { version });
    await until("both outcomes", () =>
      outcomes().every((count, index) => count > (before[index] ?? 0)),
    );
    await until("the version", async () => {
      return (await liveVersion(node).catch(() => undefined)) === version;
    });
  }
  const failed = [first, second].flatMap(({ events }) =>
    events.filter(({ event }) => event === "failed"),
  );
  expect(failed).toEqual([]);
});
