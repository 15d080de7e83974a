/** The events of one folder for several who watch it. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type FolderListener, watchFolderEvents } from "../../../src/watch/files/folder-events.js";
import { sandbox } from "../../support/sandbox.js";
import { until } from "../../support/until.js";

it("a folder that is made again at once is heard by everyone who watched the old one", async () => {
  const folder = join(sandbox().work, "lib");
  mkdirSync(folder);
  const heard = { first: new Set<string | null>(), second: new Set<string | null>() };
  const readAgain: string[] = [];
  const listenerOf = (who: "first" | "second"): FolderListener => ({
    onName: (name) => heard[who].add(name),
    readAgain: () => readAgain.push(who),
    onError: (error) => expect.unreachable(String(error)),
  });
  const first = watchFolderEvents(folder, listenerOf("first"));
  const second = watchFolderEvents(folder, listenerOf("second"));
  await Promise.all([first.ready, second.ready]);

  rmSync(folder, { recursive: true });
  mkdirSync(folder);
  first.close();
  const again = watchFolderEvents(folder, listenerOf("first"));
  await again.ready;
  expect(readAgain).toEqual(["second"]);
  writeFileSync(join(folder, "helper.py"), "");

  await until(
    "both hear of the file",
    () => heard.first.has("helper.py") && heard.second.has("helper.py"),
  );
  again.close();
  second.close();
});
