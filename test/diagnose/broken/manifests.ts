/** Plugins whose manifest is broken. */
import { type BrokenPlugin, METHODS, OPTIONS, python } from "./plugins.js";

/** One fault each, with lightningd's words and ours. */
const FAULTS: readonly (readonly [string, string, string, string, RegExp, RegExp])[] = [
  [
    "no rpcmethods",
    "manifest-rpcmethods-missing",
    '"rpcmethods"',
    '"methods"',
    /"result\.rpcmethods" missing/,
    /Add "rpcmethods": \[\]/,
  ],
  [
    "a method without a name",
    "manifest-method-name",
    METHODS,
    '[{"usage": ""}]',
    /does not have a string "name"/,
    /has no name/,
  ],
  [
    "a flag with a default",
    "manifest-flag-default",
    OPTIONS,
    '{"name": "f", "type": "flag", "default": True, "description": "d"}',
    /type flag default must be 'false'/,
    /off unless it is given/,
  ],
  [
    "a multi flag",
    "manifest-multi-type",
    OPTIONS,
    '{"name": "f", "type": "flag", "multi": True, "description": "d"}',
    /flag type cannot be multi/,
    /cannot be given several times/,
  ],
  [
    "a hook twice",
    "manifest-hook-twice",
    '"dynamic": True',
    '"dynamic": True, "hooks": ["openchannel", "openchannel"]',
    /multiple times/,
    /List it once/,
  ],
  [
    "filters for a hook without",
    "manifest-hook-filters",
    '"dynamic": True',
    '"dynamic": True, "hooks": [{"name": "openchannel", "filters": ["x"]}]',
    /does not allow filters/,
    /Remove filters/,
  ],
  [
    "a hook without a name",
    "manifest-hook-shape",
    '"dynamic": True',
    '"dynamic": True, "hooks": [{"before": []}]',
    /no name in hook obj/,
    /object without a name/,
  ],
  [
    "subscriptions that are no list",
    "manifest-subscriptions",
    '"dynamic": True',
    '"dynamic": True, "subscriptions": "connect"',
    /result\.subscriptions/,
    /not a list of names/,
  ],
  [
    "notifications that are names",
    "manifest-notifications",
    '"dynamic": True',
    '"dynamic": True, "notifications": ["mine"]',
    /result\.notifications/,
    /objects with a method/,
  ],
  [
    "featurebits",
    "manifest-featurebits",
    '"dynamic": True',
    '"dynamic": True, "featurebits": {"node": "80000000000000000000000000"}',
    /Custom featurebits only allows/,
    /Remove featurebits while you develop/,
  ],
  [
    "custommessages that are none",
    "manifest-custommessages",
    '"dynamic": True',
    '"dynamic": True, "custommessages": ["x"]',
    /not a u16/,
    /numbers from 0 to 65535/,
  ],
  [
    "ids that must be numbers",
    "manifest-nonnumericids",
    '"dynamic": True',
    '"dynamic": True, "nonnumericids": False',
    /does not allow nonnumericids/,
    /Use the id as received/,
  ],
  [
    "deprecated of no version",
    "manifest-deprecated-shape",
    OPTIONS,
    '{"name": "f", "type": "string", "description": "d", "deprecated": ["soon"]}',
    /invalid "deprecated" start version soon/,
    /one or two versions/,
  ],
  [
    "cancheck as a text",
    "manifest-cancheck",
    '"dynamic": True',
    '"dynamic": True, "cancheck": "yes"',
    /Invalid cancheck/,
    /without quotes/,
  ],
];

/** Where releases before v25.12 do otherwise. */
const OLD: Readonly<Record<string, Pick<BrokenPlugin, "old" | "since">>> = {
  "a hook twice": {
    old: {
      rule: "manifest-hook-unknown-or-taken",
      says: [/could not register hook 'openchannel'/, /or the manifest lists it twice/],
    },
  },
  "filters for a hook without": { since: "v25.12" },
};

export const MANIFEST_FAULTS = FAULTS.map(
  ([what, rule, from, to, words, ours]): BrokenPlugin => ({
    ...OLD[what],
    what,
    rule,
    name: "p.py",
    text: python([from, to]),
    says: [words, ours],
  }),
);

export const MANIFESTS: readonly BrokenPlugin[] = [
  {
    what: "no options member",
    rule: "manifest-options-missing",
    name: "p.py",
    text: python(['"options": [', '"optiones": [']),
    says: [/"result\.options" was not found/, /Add "options": \[\] to the manifest/],
  },
  {
    what: "no usage",
    rule: "manifest-usage-missing",
    name: "p.py",
    text: python([METHODS, '[{"name": "brokenmethod"}]']),
    says: [/"usage" not provided by plugin/, /Add "usage": ""/],
  },
  {
    what: "a method twice",
    rule: "method-clash",
    name: "p.py",
    text: python([METHODS, '[{"name": "twice", "usage": ""}, {"name": "twice", "usage": ""}]']),
    says: [/Could not register method "twice"/, /lists the method twice twice/],
  },
  {
    what: "an option in capitals",
    rule: "manifest-option-name",
    name: "p.py",
    text: python([OPTIONS, '{"name": "Foo", "type": "string", "description": "d"}']),
    says: [/must be lowercase alphanumeric/, /a to z, 0 to 9/],
  },
  {
    what: "an option without a description",
    rule: "manifest-option-members",
    name: "p.py",
    text: python([OPTIONS, '{"name": "foo_opt", "type": "string"}']),
    says: [/An option is missing either/, /lacks name, type or description/],
  },
  {
    what: "an option of a type that is none",
    rule: "manifest-option-type",
    name: "p.py",
    text: python([OPTIONS, '{"name": "foo_opt", "type": "number", "description": "d"}']),
    says: [/options are supported/, /Use string, string-conceal, int, bool or flag/],
  },
  {
    what: "a default of another type",
    rule: "manifest-option-default",
    name: "p.py",
    text: python(['"type": "int", "default": 1', '"type": "int", "default": "one"']),
    says: [/Invalid default 'one'/, /default does not fit its type/],
  },
  {
    what: "an option that the node has itself",
    rule: "option-clash",
    name: "p.py",
    text: python(['"name": "foo_opt"', '"name": "log-level"']),
    says: [/Option "log-level" already registered/, /lightningd itself has an option log-level/],
  },
  {
    what: "a hook that is none",
    rule: "manifest-unknown-hook",
    name: "p.py",
    text: python(['    "dynamic": True,', '    "dynamic": True, "hooks": ["peer_conected"],']),
    says: [/Unknown hook name peer_conected/, /Did you mean peer_connected/],
    old: {
      rule: "manifest-hook-unknown-or-taken",
      says: [/could not register hook 'peer_conected'/, /Did you mean peer_connected/],
    },
  },
  {
    what: "a native topic as its own",
    rule: "manifest-native-topic",
    name: "p.py",
    text: python([
      '    "dynamic": True,',
      '    "dynamic": True, "notifications": [{"method": "connect"}],',
    ]),
    says: [/native notification topic "connect"/, /use subscriptions/],
  },
  {
    what: "dynamic as a text",
    rule: "manifest-switch-type",
    name: "p.py",
    text: python(['"dynamic": True', '"dynamic": "yes"']),
    says: [/invalid "dynamic" field/, /dynamic must be true or false, without quotes/],
  },
];
