/** The line of code that an explanation proposes, in the plugin's own language. */
import type { PluginLanguage } from "../../plugin/file/language.js";

interface Hints {
  /** How to print for people without disturbing the protocol. */
  readonly toStderr: string;
  /** How to write a message so that it is sent at once. */
  readonly flush: string;
  /** What keeps a plugin running. */
  readonly loop: string;
  /** A member of a manifest that is written by hand. */
  readonly dynamic: string;
}

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
  perl: {
    toStderr: "print STDERR ...",
    flush: "$| = 1",
    loop: "while (my $line = <STDIN>) { ... }",
    dynamic: "dynamic => JSON::PP::true",
  },
  ruby: {
    toStderr: "warn ...",
    flush: "$stdout.sync = true",
    loop: "while line = $stdin.gets ... end",
    dynamic: "dynamic: true",
  },
  php: {
    toStderr: "fwrite(STDERR, ...)",
    flush: "flush()",
    loop: "while (($line = fgets(STDIN)) !== false) { ... }",
    dynamic: "'dynamic' => true",
  },
  lua: {
    toStderr: "io.stderr:write(...)",
    flush: 'io.stdout:setvbuf("line")',
    loop: "for line in io.lines() do ... end",
    dynamic: '"dynamic":true',
  },
  other: {
    toStderr: "on the standard error",
    flush: "a flush of its output",
    loop: "a loop that reads stdin until it ends",
    dynamic: '"dynamic": true',
  },
};

/** The hints for a language; general ones if it has none. */
export function hintsFor(language: PluginLanguage): Hints {
  return HINTS[language];
}
