/** The end of a watch on files: at whatever moment it comes, nothing of it runs on. */
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { FileSource } from "../../../src/watch/files/file-source.js";
import { writePlugin } from "../../support/plugin.js";
import { sandbox } from "../../support/sandbox.js";

const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;

it("leaves no timer, also in the middle of a look at its folder", async () => {
  const { work } = sandbox();
  const path = writePlugin(work);
  const before = timers();
  for (let turns = 0; turns < 40; turns++) {
    const source = await FileSource.open({
      plugin: { path, watch: [], ignore: [] },
      onChange: () => {},
      onNotice: () => {},
    });
    const aside = join(work, "aside");
    writeFileSync(aside, "");
    renameSync(aside, join(work, `helper-${turns}.py`));
    for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
    await source.close();
    expect(timers()).toBeLessThanOrEqual(before);
  }
});
