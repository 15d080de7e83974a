/** What plugins print to stderr, on a node whose stderr is a file. */
import { expect, it } from "vitest";
import { ask, startNodeProcess } from "../../support/nodes.js";
import { language, writePlugin } from "../../support/plugin.js";
import { Program } from "../../support/program.js";
import { sandbox } from "../../support/sandbox.js";

const print = (text: string) =>
  language.name === "python"
    ? `print(${JSON.stringify(text)}, file=sys.stderr, flush=True)`
    : `console.error(${JSON.stringify(text)});`;

it("is shown live, but for that of a start that fails", async () => {
  const box = sandbox();
  const node = await startNodeProcess(box);
  const plugin = writePlugin(box.work, { start: print("hello from the start") });
  const watch = new Program(box, ["watch", plugin, node.flag, "--json"]);
  await watch.next("log", { level: "stderr", text: "hello from the start" });
  writePlugin(box.work, { start: `${print("going down")}\n${language.fails("out of luck")}` });
  await watch.next("failed");
  writePlugin(box.work, { onInit: print("hello from init") });
  await watch.next("log", { level: "stderr", text: "hello from init" });
  await ask(node, "version");
  expect(watch.stdout).not.toContain('"level":"stderr","text":"going down"');
});
