// Makes docs/watch.svg: `cln-dev watch` in a real terminal, with an example plugin saved with and
// without an error. Run it with `node scripts/picture.mjs`. Needs python3 for the terminal and the
// plugin.
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildIfStale } from "./build.mjs";

const COLUMNS = 92;
const DEADLINE_MS = 20_000;

/** The colours in use, by their ANSI codes. */
const COLOURS = { 31: "#f47067", 32: "#6bc46d", 35: "#dcbdfb" };
/** The size of a character and the margin, in pixels. */
const WIDTH = 8.4;
const HEIGHT = 19;
const MARGIN = 16;

const ESCAPE = String.fromCharCode(27);
const BELL = String.fromCharCode(7);
/** A control sequence with its parameters and command, the window's title, or one character. */
const SEQUENCE = new RegExp(
  `${ESCAPE}\\[([0-9;?]*)([A-Za-z])|${ESCAPE}\\][^${BELL}]*${BELL}|.`,
  "gsu",
);

const root = dirname(dirname(fileURLToPath(import.meta.url)));

await buildIfStale();
const output = await record();
writeFileSync(join(root, "docs/watch.svg"), svg(screenOf(output)));

/** Runs the session and returns everything sent to the terminal. */
async function record() {
  const folder = mkdtempSync(join(tmpdir(), "hello-"));
  const plugin = join(folder, "hello.py");
  const code = readFileSync(join(root, "examples/hello.py"), "utf8");
  const save = (greeting) => writeFileSync(plugin, code.replace('"Hello"', greeting));
  save('"Hello"');
  chmodSync(plugin, 0o755);
  const watch = ["watch", "hello.py", "--embedded", "--call", "hello"];
  const program = [process.execPath, join(root, "bin/cln-dev.js"), ...watch];
  const terminal = join(root, "test/support/terminal.py");
  const { CI, NO_COLOR, ...env } = process.env;
  const child = spawn("python3", [terminal, String(COLUMNS), ...program], {
    cwd: folder,
    env: { ...env, PATH: `/usr/bin:${env.PATH}`, TERM: "xterm-256color" },
    stdio: ["pipe", "pipe", "ignore"],
  });
  try {
    let shown = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      shown += text;
    });
    const ended = new Promise((resolve) => child.on("close", resolve));
    const seen = async (mark, count) => {
      const deadline = Date.now() + DEADLINE_MS;
      while (shown.split(mark).length - 1 < count) {
        if (Date.now() > deadline) throw new Error(`no ${mark} within 20 s:\n${shown}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    await seen('"greeting"', 1);
    save("Hi");
    await seen("hello.py:12", 1);
    save('"Hi"');
    await seen('"Hi', 1);
    child.stdin.write("q");
    await ended;
    return `$ cln-dev ${watch.join(" ")}\r\n${shown}`;
  } finally {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Returns what the terminal shows in the end: the characters of each line with their styles. */
function screenOf(text) {
  const lines = [[]];
  let row = 0;
  let column = 0;
  let style = {};
  for (const [part, parameters, command] of text.matchAll(SEQUENCE)) {
    lines[row] ??= [];
    const count = Number.parseInt(parameters, 10) || 1;
    if (command === "m") style = styled(style, parameters);
    else if (command === "A") row = Math.max(0, row - count);
    else if (command === "G") column = count - 1;
    else if (command === "K") lines[row].length = Math.min(lines[row].length, column);
    else if (command === "J") lines.length = row + 1;
    else if (part.startsWith(ESCAPE) || part === BELL) continue;
    else if (part === "\r") column = 0;
    else if (part === "\n") row++;
    else {
      for (let at = lines[row].length; at < column; at++) lines[row][at] = { part: " ", style: {} };
      lines[row][column++] = { part, style };
    }
  }
  return lines;
}

function styled(style, parameters) {
  let next = style;
  for (const code of parameters.split(";").map(Number)) {
    if (code === 0) next = {};
    else if (code === 1) next = { ...next, weight: "bold" };
    else if (code === 2) next = { ...next, dim: true };
    else if (code === 22) next = { ...next, weight: undefined, dim: undefined };
    else if (code === 4) next = { ...next, underline: true };
    else if (code === 24) next = { ...next, underline: undefined };
    else if (code >= 30 && code <= 39) next = { ...next, colour: COLOURS[code] };
  }
  return next;
}

function svg(lines) {
  while (lines.at(-1)?.length === 0) lines.pop();
  const width = COLUMNS * WIDTH + 2 * MARGIN;
  const height = lines.length * HEIGHT + 2 * MARGIN;
  const rows = lines.map((line, index) => {
    const y = MARGIN + (index + 0.75) * HEIGHT;
    return `<text y="${y}" xml:space="preserve">${runsOf(line).map(span).join("")}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<title>cln-dev watch: a plugin starts, a save breaks it, the next save fixes it</title>
<style>text { font: 14px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #d1d7e0 }</style>
<rect width="100%" height="100%" rx="8" fill="#1c2128"/>
${rows.join("\n")}
</svg>
`;
}

/** Joins adjacent characters of the same style. */
function runsOf(line) {
  const runs = [];
  for (const [column, { part, style }] of line.entries()) {
    const last = runs.at(-1);
    if (last?.style === style) last.text += part;
    else runs.push({ style, text: part, column });
  }
  return runs;
}

function span({ style: { weight, dim, underline, colour }, text, column }) {
  const escaped = text.replace(/[&<>]/g, (char) => `&#${char.codePointAt(0)};`);
  const attributes = [
    `x="${(MARGIN + column * WIDTH).toFixed(1)}"`,
    weight && `font-weight="${weight}"`,
    dim && 'fill-opacity="0.6"',
    underline && 'text-decoration="underline"',
    colour && `fill="${colour}"`,
  ].filter(Boolean);
  return `<tspan${attributes.map((attribute) => ` ${attribute}`).join("")}>${escaped}</tspan>`;
}
