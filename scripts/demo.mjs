// `npm run demo`: watches an example plugin on the embedded node. In a terminal, you edit and save
// it. Without one (a pipe, CI), the script edits a copy once and ends.
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { buildIfStale } from "./build.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const hasPython = spawnSync("python3", ["--version"]).status === 0;
const example = join(root, "examples", hasPython ? "hello.py" : "hello.js");
const terminal = process.stdin.isTTY && process.stdout.isTTY && !process.env.CI;

await buildIfStale();
process.exitCode = terminal ? await byHand() : await byItself();

async function byHand() {
  const file = relative(process.cwd(), example);
  console.log(`Open ${file} in your editor, change GREETING, and save.\n`);
  return ended(watch(example, "inherit"));
}

async function byItself() {
  const folder = mkdtempSync(join(tmpdir(), "cln-dev-demo-"));
  try {
    const plugin = join(folder, example.slice(example.lastIndexOf("/") + 1));
    copyFileSync(example, plugin);
    chmodSync(plugin, 0o755);
    const child = watch(plugin, ["ignore", "pipe", "inherit"]);
    let seen = "";
    let step = "start";
    // Save once the method has answered, and stop once it answers with the new greeting.
    child.stdout.setEncoding("utf8").on("data", (text) => {
      process.stdout.write(text);
      seen += text;
      if (step === "start" && seen.includes('"greeting"')) {
        step = "saved";
        console.log(`(saving ${plugin} with another greeting)`);
        const code = readFileSync(plugin, "utf8");
        writeFileSync(plugin, code.replace('"Hello"', '"Good morning"'));
      }
      if (step === "saved" && seen.includes('"Good morning')) {
        step = "end";
        child.kill("SIGTERM");
      }
    });
    const impatient = setTimeout(() => child.kill("SIGTERM"), 30_000);
    const code = await ended(child);
    clearTimeout(impatient);
    return seen.includes("Good morning") ? code : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function watch(plugin, stdio) {
  const args = [join(root, "bin", "cln-dev.js"), "watch", plugin, "--embedded", "--call", "hello"];
  return spawn(process.execPath, args, { stdio });
}

/** Waits for the child to end. Ctrl-C reaches it directly. */
function ended(child) {
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  return new Promise((resolve) => child.on("close", (code) => resolve(code ?? 1)));
}
