/** A module that is missing is installed while the watch runs. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { startNode } from "../../support/nodes.js";
import { language, writePlugin } from "../../support/plugin.js";
import { Program } from "../../support/program.js";
import { sandbox } from "../../support/sandbox.js";

it("the plugin is started again, without a save", async () => {
  const box = sandbox();
  const node = await startNode(box);
  const [start, folder, module] =
    language.name === "python"
      ? [
          'import sys, os; sys.path.append(os.path.join(os.path.dirname(__file__), ".venv/lib/python3.99/site-packages")); import qrcode',
          ".venv/lib/python3.99/site-packages",
          "qrcode.py",
        ]
      : ['require("qrcode");', "node_modules", "qrcode/index.js"];
  mkdirSync(join(box.work, folder), { recursive: true });
  const plugin = writePlugin(box.work, { start });
  const watch = new Program(box, ["watch", plugin, node.flag, "--json"]);
  await watch.next("failed", { cause: "start" });
  mkdirSync(join(box.work, folder, module, ".."), { recursive: true });
  writeFileSync(join(box.work, folder, module), "\n");
  await watch.next("reloaded", { cause: "file", files: [join(box.work, folder)] });
  expect(watch.events.filter(({ event }) => event === "failed")).toHaveLength(1);
});
