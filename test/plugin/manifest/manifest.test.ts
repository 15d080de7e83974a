import { describe, expect, it } from "vitest";
import { RawJson } from "../../../src/jsonrpc/json.js";
import { parseManifest } from "../../../src/plugin/manifest/manifest.js";

const WHOLE = { options: [], rpcmethods: [] };
const option = { name: "o", type: "string", description: "d" };
const withOption = (parts: object) => ({ ...WHOLE, options: [{ ...option, ...parts }] });
const withMethod = (parts: object) => ({
  ...WHOLE,
  rpcmethods: [{ name: "m", usage: "", ...parts }],
});

describe("a good manifest", () => {
  it("is read with the defaults of what it leaves out", () => {
    const result = parseManifest({ ...withOption({ default: null }), dynamic: true });
    expect(result).toMatchObject({
      manifest: {
        disable: undefined,
        dynamic: true,
        options: [{ name: "o", type: "string", default: undefined, multi: false, dynamic: false }],
        subscriptions: [],
        hooks: [],
      },
    });
  });

  it("keeps a default's own text, not decoded", () => {
    const raw = new RawJson(
      '{"options":[{"name":"o","type":"string","description":"","default":"q\\"q"}],"rpcmethods":[]}',
    );
    expect(parseManifest(raw)).toMatchObject({
      manifest: { options: [{ default: 'q\\"q' }] },
    });
  });

  it("may disable itself, and then nothing else counts", () => {
    expect(parseManifest({ disable: "no coffee" })).toMatchObject({
      manifest: { disable: "no coffee" },
    });
  });

  it("takes hooks by name or as objects, with filters where the hook has them", () => {
    const hooks = [
      "peer_connected",
      { name: "rpc_command", before: ["a.py"], filters: ["pay"] },
      { name: "custommsg", filters: [513] },
    ];
    expect(parseManifest({ ...WHOLE, hooks })).toMatchObject({
      manifest: {
        hooks: [
          { name: "peer_connected", filters: undefined },
          { name: "rpc_command", before: ["a.py"], filters: ["pay"] },
          { name: "custommsg", filters: ["513"] },
        ],
      },
    });
  });
});

const FAULTS: readonly [result: unknown, error: string][] = [
  ["text", `Invalid/missing result tok in '{"result":"text"}'`],
  [{ rpcmethods: [] }, '"result.options" was not found in the manifest'],
  [{ ...WHOLE, options: {} }, '"result.options" is not an array'],
  [{ options: [] }, '"result.rpcmethods" missing'],
  [{ ...WHOLE, rpcmethods: 1 }, '"result.rpcmethods" is not an array'],
  [{ ...WHOLE, dynamic: "true" }, 'getmanifest: invalid "dynamic" field true'],
  [withOption({ type: undefined }), 'An option is missing either "name", "description" or "type"'],
  [withOption({ name: "Big" }), `Option "name" must be lowercase alphanumeric, plus _ or -'`],
  [{ ...WHOLE, options: [option, option] }, 'Option "o" already registered'],
  [withOption({ type: "float" }), 'Only "string", "int", "bool", and "flag" options are supported'],
  [withOption({ multi: 1 }), '--o: invalid "multi" field 1'],
  [withOption({ type: "flag", default: true }), "--o type flag default must be 'false' not true"],
  [withOption({ type: "flag", multi: true }), "flag type cannot be multi"],
  [withOption({ type: "bool", multi: true }), "bool type cannot be multi"],
  [withOption({ type: "int", default: "x" }), "Invalid default 'x': 'x' is not a number"],
  [
    withOption({ type: "int", default: "9223372036854775808" }),
    "Invalid default '9223372036854775808': '9223372036854775808' is out of range",
  ],
  [withOption({ type: "bool", default: 1 }), "Invalid default '1': Invalid argument '1'"],
  [
    withOption({ deprecated: ["v1", "v2", "v3"] }),
    '"deprecated" must be an array of 1 or 2 elements, not ["v1","v2","v3"]',
  ],
  [withOption({ deprecated: ["soon"] }), 'invalid "deprecated" start version soon'],
  [withMethod({ name: 1 }), 'rpcmethod does not have a string "name": {"name":1,"usage":""}'],
  [withMethod({ usage: 1 }), '"usage" is not a string: {"name":"m","usage":1}'],
  [withMethod({ usage: undefined }), '"usage" not provided by plugin'],
  [{ ...WHOLE, subscriptions: "connect" }, '"result.subscriptions" is not an array'],
  [{ ...WHOLE, subscriptions: [1] }, "result.subscriptions[0] is not a string: '1'"],
  [{ ...WHOLE, hooks: ["nope"] }, "Unknown hook name nope"],
  [{ ...WHOLE, hooks: [{ before: [] }] }, 'no name in hook obj {"before":[]}'],
  [
    { ...WHOLE, hooks: ["rpc_command", "rpc_command"] },
    "Registered for hook rpc_command multiple times",
  ],
  [
    { ...WHOLE, hooks: [{ name: "htlc_accepted", filters: [] }] },
    "Hook htlc_accepted does not allow filters",
  ],
  [
    { ...WHOLE, hooks: [{ name: "rpc_command", filters: [1] }] },
    "filters must be array of strings, not '1'",
  ],
  [
    { ...WHOLE, hooks: [{ name: "custommsg", filters: ["x"] }] },
    `filters must be array of unsigned integers, not '"x"'`,
  ],
  [
    { ...WHOLE, notifications: [{ method: "connect" }] },
    'plugin attempted to register a native notification topic "connect", ' +
      "these may however only be sent by lightningd",
  ],
  [{ ...WHOLE, notifications: [{}] }, '"result.notifications[0].name" missing or not a string.'],
  [{ ...WHOLE, custommessages: [70_000] }, "custommessages 0 not a u16: '70000'"],
  [{ ...WHOLE, nonnumericids: false }, "Plugin does not allow nonnumericids"],
  [{ ...WHOLE, cancheck: 1 }, "Invalid cancheck: 1"],
  [
    { ...WHOLE, dynamic: true, featurebits: { node: "01" } },
    'Custom featurebits only allows for non-dynamic plugins: dynamic=1, featurebits={"node":"01"}',
  ],
];

describe("a bad manifest is refused with lightningd's words", () => {
  it.each(FAULTS)("%j", (result, error) => {
    expect(parseManifest(result)).toEqual({ error });
  });

  it("for a method or an option that the node has already", () => {
    const node = {
      path: "/p",
      hasOption: (name: string) => name === "network",
      ownerOfMethod: (name: string) => (name === "m" ? "/other.py" : undefined),
    };
    expect(parseManifest(withOption({ name: "network" }), node)).toEqual({
      error: 'Option "network" already registered',
    });
    expect(parseManifest(withMethod({}), node)).toEqual({
      error:
        'Could not register method "m", a method with that name is already registered by plugin /other.py',
    });
  });
});
