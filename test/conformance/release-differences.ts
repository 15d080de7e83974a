/**
 * Where other releases of lightningd do otherwise than the one that the embedded node follows. On such
 * a release these scenarios run on the embedded node alone, and the table names the difference.
 */

interface ReleaseDifference {
  /** It is so in releases before this one: `25.12`. */
  readonly before?: string;
  /** It is so in releases after this one, and in builds of the sources behind it. */
  readonly after?: string;
  readonly what: string;
  /** `topic: scenario`; `topic: *` stands for all of a topic. */
  readonly scenarios: readonly string[];
}

export const RELEASE_DIFFERENCES: readonly ReleaseDifference[] = [
  {
    before: "25.12",
    what: "other words for what is no JSON-RPC, and no wait for a closing brace",
    scenarios: [
      "start failures: text with a brace instead of the manifest",
      "start failures: text before the manifest",
      "start failures: an answer without jsonrpc",
      "start failures: an array of answers",
      "start failures: invalid UTF-8 in the manifest",
      "start failures: text with a brace instead of the answer to init",
      "start failures: text without a brace is not looked at until one comes",
      "start failures: a plugin that prints nonsense later is killed",
      "framing: malformed JSON: an error without an id, then the connection is dead but open",
      "framing: a word without quotes: an error without an id, then the connection is dead but open",
      "framing: no jsonrpc: an error without an id, then the connection is dead but open",
      "framing: a batch: an error without an id, then the connection is dead but open",
      "framing: text that is no JSON, with a brace in it: an error without an id, then the connection is dead but open",
      "framing: a brace too many: an error without an id, then the connection is dead but open",
      "framing: garbage without a brace waits for more",
      "framing: invalid UTF-8 is malformed",
    ],
  },
  {
    before: "25.12",
    what: "hooks have no filters, and a hook that cannot be had is refused in other words",
    scenarios: [
      "manifest: a filter for a hook that has none",
      "manifest: a filter of numbers with a string",
      "manifest: a filter of strings that is no array",
      "manifest: a filter of strings with a number",
      "manifest: a hook twice",
      "manifest: an object as hooks",
      "manifest: an unknown hook",
      "manifest: options and methods of a refused manifest are gone",
    ],
  },
  {
    before: "25.12",
    what: "a filter of another form than an object ends the node",
    scenarios: [
      "filter: false instead of true",
      "filter: a number",
      "filter: an array of two",
      "filter: an empty array",
      "filter: a string as filter",
      "filter: an array as filter",
      "filter: null as filter",
    ],
  },
  {
    before: "25.12",
    what: "cln-xpay's own rpc_command hook is asked at each call, which changes the order of things",
    scenarios: [
      "messages: reaches the client that asked for notifications",
      "messages: switched off again",
      "rpc_command: `before` puts the later one first",
      "rpc_command: a hook of its own calls the node",
      "rpc_command: a plugin that is stopped while it is asked: continue",
      "rpc_command: after a reload its place is the last",
      "rpc_command: else they are asked in the order of their starts",
      "rpc_command: two in a row: the second is asked of the request as it came",
    ],
  },
  {
    before: "26.06",
    what: "getinfo shows other features",
    scenarios: [
      "built-in: getinfo",
      "lightning-cli: getinfo",
      "lightning-cli: -F getinfo",
      "lightning-cli: -H getinfo",
      "lightning-cli: -R getinfo",
    ],
  },
  {
    before: "26.06",
    what: "init has other features",
    scenarios: ["init: init, to the field"],
  },
  {
    before: "26.06",
    what: "other options, and other parameters of lists",
    scenarios: [
      "configs: the whole list has the same options with the same types",
      "built-in: usage of the methods that both have",
    ],
  },
  {
    before: "26.06",
    what: "setconfig takes an array for a string",
    scenarios: ["setconfig: setconfig, transient: an array for a string"],
  },
  {
    before: "26.04",
    what: "the log's ring has 10 MiB",
    scenarios: ["logs: getlog, to the field"],
  },
  {
    before: "25.09",
    what: "a plugin's own notification has its origin elsewhere",
    scenarios: ["notifications: a topic that is subscribed to twice comes twice"],
  },
  {
    before: "25.05",
    what: "getmanifest has a number as its id",
    scenarios: [
      "ids: the request that starts a plugin is named to it, init is not",
      "init: a plugin that starts with the node sees that",
      "init: the request for the manifest, to the field",
      "start failures: CRLF in the first line",
      "start failures: a notification without a method before the manifest",
      "start failures: a notification without params before the manifest",
      "start failures: a program that ends at once",
      "start failures: an array to getmanifest",
      "start failures: an empty file is run by the shell, and ends",
      "start failures: an error to getmanifest",
      "start failures: env that does not find the interpreter",
      "start failures: it closes its stdout on getmanifest",
      "start failures: it exits at once",
      "start failures: it exits on getmanifest",
      "start failures: it exits with 0",
      "start failures: it is killed on getmanifest",
      "start failures: neither result nor error to getmanifest",
      "start failures: null to getmanifest",
      "start failures: without a first line the shell runs it",
    ],
  },
  {
    before: "25.05",
    what: "0 and 1 are a bool, or refused in other words; flags may have a default",
    scenarios: [
      "manifest: a bool's default by 1",
      "manifest: null as a flag's default",
      "manifest: true as a flag's default",
      "options: refuses a bool by 0",
      "options: refuses a bool by 1",
    ],
  },
  {
    before: "25.05",
    what: "a message is logged with its escapes, and the words about a wrong level leave out trace",
    scenarios: [
      "logs: a message with a carriage return",
      "logs: a message with a newline at the beginning",
      "logs: a message with a newline at the end",
      "logs: a message with a tab",
      "logs: a message with nothing but a newline",
      "logs: a message with quotes and backslashes",
      "logs: a message with several lines",
      "logs: a message with two newlines at the end",
      "logs: a number as level kills the plugin",
      "logs: an empty level kills the plugin",
      "logs: an unknown level kills the plugin",
      "logs: null as level kills the plugin",
      "logs: the level io kills the plugin",
    ],
  },
  {
    before: "25.05",
    what: "help shows escapes as they are",
    scenarios: [
      "built-in: help of a plugin's method",
      "manifest: a manifest may be spread over lines, and hold escapes",
    ],
  },
  {
    before: "25.05",
    what: "there is no plugin_started",
    scenarios: ["notifications: `*` is not the log"],
  },
  {
    after: "26.06.6",
    what: "plugin start takes an array of options",
    scenarios: [
      "options: refuses the key `options`",
      "plugin usage: start with an option by position",
      "check: plugin start of a program twice",
      "lightning-cli: plugin start /no/such a=b",
    ],
  },
  {
    after: "26.06.6",
    what: "it survives this",
    scenarios: [
      "killers: a log message of more than 256 KiB",
      "killers: a start by keyword while a value of a stopped plugin's option is set",
      "killers: a reload by keyword of a plugin that has dropped an option that is set",
      "killers: setconfig while a value of a stopped plugin's option is set",
    ],
  },
  {
    after: "26.06.6",
    what: "one more option, and other features",
    scenarios: [
      "configs: the whole list has the same options with the same types",
      "init: init, to the field",
    ],
  },
];
