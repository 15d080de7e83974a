/** Which file a path means for `start`, and which plugin a name means for `stop`. */
import { chmodSync, mkdirSync, realpathSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { expect } from "vitest";
import { error, INVALID_PARAMS } from "../harness/answers.js";
import { at, textAt } from "../harness/json.js";
import { topic } from "../harness/scenario.js";

topic("paths", (scenario) => {
  scenario("a symlink is resolved: the plugin has its target's name", async (node) => {
    const target = node.plugin("target.py");
    const answer = await node.start(node.link("link.py", target.path));
    expect(at(answer, "result", "plugins")).toEqual([
      { name: "<folder>/target.py", active: true, dynamic: true },
    ]);
    const byLinkName = await node.stop("link.py");
    expect(byLinkName).toEqual(error(INVALID_PARAMS, "Could not find plugin link.py"));
    const byLinkPath = await node.stop(join(node.folder, "link.py"));
    expect(at(byLinkPath, "result", "result")).toBe("Successfully stopped target.py.");
    return {
      answer,
      byLinkName,
      byLinkPath,
      argv: at(target.starts()[0], "argv", 0) === target.path,
    };
  });

  scenario("a folder in the path may be a symlink too", async (node) => {
    node.subfolder("real");
    node.plugin("real/p.py");
    const link = node.link("alias", join(node.folder, "real"));
    const answer = await node.start(join(link, "p.py"));
    expect(at(answer, "result", "plugins", 0, "name")).toBe("<folder>/real/p.py");
    return answer;
  });

  scenario("dots and double slashes are resolved", async (node) => {
    node.subfolder("sub");
    node.plugin("p.py");
    const answer = await node.start(`${node.folder}/sub/..//./p.py`);
    expect(at(answer, "result", "plugins", 0, "name")).toBe("<folder>/p.py");
    return answer;
  });

  scenario("a relative path starts at the network's folder", async (node) => {
    const plugin = node.plugin("p.py");
    const path = relative(realpathSync(node.running.networkDir), plugin.path);
    const answer = await node.start(path);
    expect(at(answer, "result", "plugins", 0, "name")).toBe("<folder>/p.py");
    return answer;
  });

  scenario("else in the folder for plugins of the lightning-dir", async (node) => {
    const fresh = await node.fresh();
    fresh.pluginInLightningDir("plugins", "p.py");
    const answer = await fresh.start("p.py");
    expect(at(answer, "result", "plugins", 0, "name")).toBe("<lightning-dir>/plugins/p.py");
    return answer;
  });

  scenario("a name that is found nowhere is shown where it was last looked for", async (node) => {
    const answer = await node.start("nosuch.py");
    expect(answer).toEqual(
      error(
        INVALID_PARAMS,
        "<lightning-dir>/plugins/nosuch.py is not executable: No such file or directory",
      ),
    );
    return answer;
  });

  scenario("a file that is not there", async (node) => {
    const answer = await node.start("/no/such/file.py");
    expect(answer).toEqual(
      error(INVALID_PARAMS, "/no/such/file.py is not executable: No such file or directory"),
    );
    return answer;
  });

  scenario("a file that is not executable", async (node) => {
    const plugin = node.plugin("p.py");
    chmodSync(plugin.path, 0o644);
    const answer = await node.start(plugin);
    expect(answer).toEqual(
      error(INVALID_PARAMS, "<folder>/p.py is not executable: Permission denied"),
    );
    return answer;
  });

  scenario("a path through a file", async (node) => {
    const plugin = node.plugin("p.py");
    const answer = await node.start(`${plugin.path}/more`);
    expect(answer).toEqual(
      error(INVALID_PARAMS, "<folder>/p.py/more is not executable: Not a directory"),
    );
    return answer;
  });

  scenario("a symlink to nothing", async (node) => {
    const answer = await node.start(node.link("link.py", "/no/such/file.py"));
    expect(answer).toEqual(
      error(INVALID_PARAMS, "<folder>/link.py is not executable: No such file or directory"),
    );
    return answer;
  });

  scenario("a symlink to itself", async (node) => {
    const answer = await node.start(node.link("loop.py", join(node.folder, "loop.py")));
    expect(textAt(answer, "error", "message")).toMatch(/is not executable: Too many levels/);
    return answer;
  });

  scenario("a folder is executable, but cannot be run", async (node) => {
    const answer = await node.start(node.subfolder("folder.py"));
    return answer;
  });

  scenario("a path with blanks, quotes and UTF-8", async (node) => {
    const name = `it's a "näme" ⚡.py`;
    const answer = await node.start(node.plugin(name));
    const stopped = await node.stop(name);
    return { answer, stopped };
  });

  scenario("a path is read off the request without decoding escapes", async (node) => {
    const plugin = node.plugin("p.py");
    const escaped = plugin.path.replaceAll("/", "\\/");
    const answer = await node.callRaw("plugin", `["start","${escaped}"]`);
    const message = textAt(answer, "error", "message").replace(escaped, "ESCAPED");
    expect(message).toBe(
      "<lightning-dir>/plugins/ESCAPED is not executable: No such file or directory",
    );
    return { message };
  });

  scenario("stop finds a plugin by its basename", async (node) => {
    await node.started(node.plugin("p.py"));
    return node.stop("p.py");
  });

  scenario("stop finds a plugin by another spelling of its path", async (node) => {
    await node.started(node.plugin("p.py"));
    node.subfolder("sub");
    const answer = await node.stop(`${node.folder}/sub/../p.py`);
    expect(at(answer, "result", "result")).toBe("Successfully stopped p.py.");
    return answer;
  });

  const unknown: readonly [string, (folder: string) => string][] = [
    ["a prefix of the name", () => "p"],
    ["the name in other letters", () => "P.py"],
    ["a part of the path", (folder) => `${folder.split("/").at(-1)}/p.py`],
    ["the folder", (folder) => folder],
    ["an empty name", () => ""],
    ["the name with a blank", () => "p.py "],
    ["a path of the same name elsewhere", () => "/elsewhere/p.py"],
  ];
  for (const [name, make] of unknown) {
    scenario(`stop does not find a plugin by ${name}`, async (node) => {
      await node.started(node.plugin("p.py"));
      const given = make(node.folder);
      const answer = await node.stop(given);
      expect(answer).toEqual(
        error(INVALID_PARAMS, `Could not find plugin ${node.normalise(given)}`),
      );
      // Two of them hold the folder's name, which is another on each node.
      return { message: textAt(answer, "error", "message").replace(/cln-conf-s-\w+/, "FOLDER") };
    });
  }

  scenario("a plugin whose file is gone is found by its name and its exact path", async (node) => {
    const plugin = await node.started(node.plugin("p.py"));
    mkdirSync(join(node.folder, "sub"));
    rmSync(plugin.path);
    const other = await node.stop(`${node.folder}/sub/../p.py`);
    expect(textAt(other, "error", "message")).toBe("Could not find plugin <folder>/sub/../p.py");
    const exact = await node.stop(plugin.path);
    expect(at(exact, "result", "result")).toBe("Successfully stopped p.py.");
    return { other, exact };
  });

  scenario("of two plugins of one name the first is stopped first", async (node) => {
    node.subfolder("one");
    node.subfolder("two");
    await node.started(node.plugin("one/p.py"));
    await node.started(node.plugin("two/p.py"));
    await node.stop("p.py");
    const list = await node.list();
    expect(list).toEqual([{ name: "<folder>/two/p.py", active: true, dynamic: true }]);
    return list;
  });
});
