/** The line of code that an explanation proposes, in the plugin's own language. */
import type { PluginLanguage } from "../../plugin/file/language.js";
import { ownSources, readSource } from "../evidence/own-code.js";
import type { RuleContext } from "./explanation.js";

interface Hints {
  /** How to write for a person without disturbing the protocol. */
  readonly toStderr: string;
  /** How to write a message so that it leaves at once. */
  readonly flush: string;
  /** What keeps a plugin running. */
  readonly loop: string;
  /** The member of a manifest that is written by hand. */
  readonly dynamic: string;
}

const ANY: Hints = {
  toStderr: "the standard error",
  flush: "a flush of its output",
  loop: "a loop that reads stdin until it ends",
  dynamic: '"dynamic": true',
};

const HINTS: Readonly<Record<PluginLanguage, Hints>> = {
  python: {
    toStderr: "print(..., file=sys.stderr)",
    flush: "print(..., flush=True)",
    loop: "for line in sys.stdin: (or plugin.run() with pyln-client)",
    dynamic: '"dynamic": True',
  },
  node: {
    toStderr: "console.error(...)",
    flush: "process.stdout.write(...)",
    loop: 'process.stdin.on("data", ...)',
    dynamic: "dynamic: true",
  },
  shell: {
    toStderr: "echo ... >&2",
    flush: "printf (and no pipe that buffers, such as sed without -u)",
    loop: "while read -r line; do ... done",
    dynamic: '"dynamic": true',
  },
  go: {
    toStderr: "fmt.Fprintln(os.Stderr, ...)",
    flush: "writer.Flush()",
    loop: "plugin.Start(os.Stdin, os.Stdout)",
    dynamic: "plugin.SetDynamic(true)",
  },
  rust: {
    toStderr: "eprintln!(...)",
    flush: "stdout.flush()",
    loop: "plugin.join().await",
    dynamic: ".dynamic()",
  },
  binary: {
    toStderr: "fprintf(stderr, ...)",
    flush: "fflush(stdout)",
    loop: "a loop that reads stdin until it ends",
    dynamic: '"dynamic": true',
  },
  perl: ANY,
  ruby: ANY,
  php: ANY,
  lua: ANY,
  other: ANY,
};

export function hintsFor(language: PluginLanguage): Hints {
  return HINTS[language];
}

/** How plugin libraries are told to make a plugin dynamic. */
const LIBRARIES: readonly { readonly uses: RegExp; readonly line: string }[] = [
  { uses: /\bpyln\b/, line: "Plugin(dynamic=True), which is also its default" },
  { uses: /\bclightningjs\b/, line: "new Plugin({ dynamic: true })" },
  { uses: /\bglightning\b/, line: "plugin.SetDynamic(true)" },
  { uses: /\bcln_plugin\b/, line: ".dynamic() on the Builder" },
  { uses: /\bplugin_main\s*\(/, line: "PLUGIN_RESTARTABLE in plugin_main(...)" },
];

/** Where and how to say that the plugin is dynamic, as the rest of "Add ...". */
export function dynamicHint({ file, language }: RuleContext): string {
  const sources = file === undefined ? [] : ownSources(file);
  const texts = sources.map((path) => ({ path, text: readSource(path) ?? "" }));
  const library = LIBRARIES.find(({ uses }) => texts.some(({ text }) => uses.test(text)));
  if (library !== undefined) return library.line;
  const byHand = `${HINTS[language].dynamic} to the result of getmanifest`;
  for (const { path, text } of texts) {
    const at = text.split("\n").findIndex((line) => /["']?rpcmethods\b/.test(line));
    if (at !== -1) return `${byHand}, beside rpcmethods in ${path}:${at + 1}`;
  }
  return byHand;
}
