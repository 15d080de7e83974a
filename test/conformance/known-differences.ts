/**
 * Where the embedded node answers otherwise than lightningd, and is meant to. The one place for it:
 * any other difference fails the suite, and so does one listed here that is not seen.
 */

interface KnownDifference {
  /** `topic: scenario`. */
  readonly scenario: string;
  /** The field of the observation; also means all below it; empty for the whole. */
  readonly path: string;
  readonly reason: string;
}

/** Each ends a lightningd; the embedded node lives on and says, if it can, what is wrong. */
const KILLERS: readonly [string, string][] = [
  ["a method named like one of the node's own", "it looks for the plugin that has the method"],
  ["a \\u escape in a method's usage", "it cannot decode it, and takes that for a name clash"],
  ["a hook that answers with an error", "it wants a result of every hook (issue 7838)"],
  ["rpc_command returns an error without a code", "it reads the code unseen"],
  ["rpc_command returns an error without a message", "it reads the message unseen"],
  ["two plugins change the same call", "it frees the call that it has just carried out"],
  ["a log message of more than 256 KiB", "its ring of lines takes no longer ones"],
  ["an option with an empty name", "it asserts that options have names"],
  [
    "a start by keyword while a value of a stopped plugin's option is set",
    "it looks at all values, also at those whose option is gone (issue 9385)",
  ],
  ["a reload by keyword of a plugin that has dropped an option that is set", "the same"],
  ["setconfig while a value of a stopped plugin's option is set", "the same"],
  [
    "setconfig of an int to a word that the plugin takes",
    "it ends itself over a number that is no JSON, rather than show it",
  ],
  ["listconfigs while an int is set in hexadecimal", "the same"],
];

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  { scenario: "logs: getlog, to the field", path: "max", reason: "it keeps 4 MiB, not 16" },
  ...KILLERS.map(([name, reason]) => ({ scenario: `killers: ${name}`, path: "", reason })),
  {
    scenario: "startup: the node refuses to start with an option that nobody has",
    path: "starts",
    reason: "on a node for development its plugin may be started later, or mended",
  },
  {
    scenario: "notifications: of a start that failed in its manifest",
    path: "1.params.plugin_stopped.methods",
    reason: "lightningd names what it had registered when it came to the fault",
  },
  {
    scenario: "rpc_command: return a word as result",
    path: "text",
    reason: "lightningd sends the word without quotes, which is no JSON",
  },
  {
    scenario: "manifest: no versions as deprecated",
    path: "answer.error.message",
    reason: "lightningd reads on behind the empty array and quotes whatever is there",
  },
  { scenario: "manifest: no versions as deprecated", path: "log.0", reason: "the same" },
  {
    scenario: "start failures: a plugin that prints nonsense later is killed",
    path: "log.0",
    reason: "lightningd's parser takes a bare word for a value, and misses the jsonrpc member",
  },
];
