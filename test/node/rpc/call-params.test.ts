/** What `cln-dev call` sends is what lightning-cli would send. */
import { execFile } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Failure } from "../../../src/errors/failure.js";
import { Framer } from "../../../src/jsonrpc/framing.js";
import { callParams } from "../../../src/node/rpc/call-params.js";
import { has } from "../../support/plugin.js";
import { sharedSandbox } from "../../support/sandbox.js";

const run = promisify(execFile);

/** What people type, and what looks like a literal without being one. */
const value = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.jsonValue({ stringUnit: "grapheme" }).map((json) => JSON.stringify(json)),
  fc.constantFrom("0", "007", "1.5", "1e3", "-1", "true", "True", "null", "", "a=b", "1sat", "{}"),
  fc.nat().map(String),
);
const key = fc.stringMatching(/^[a-z][a-z0-9_-]{0,8}$/);

/**
 * lightning-cli sends what only looks like JSON (`1.2.3`, `{a}`, a lone quote) as it stands, and the
 * node drops the line; such a value is a string for us.
 */
function brokenLiteral(text: string): boolean {
  const looksLiteral = /^([\d.]+|\{.*\}|\[.*\]|"|".*")$/s.test(text) && !/^0\d+$/.test(text);
  if (!looksLiteral) return false;
  try {
    JSON.parse(text);
    return false;
  } catch {
    return true;
  }
}

describe("any parameters", () => {
  it("become JSON that holds each of them, as itself or as a string", () => {
    fc.assert(
      fc.property(fc.array(value), (params) => {
        const sent: unknown = JSON.parse(callParams(params, false).text);
        expect(sent).toHaveLength(params.length);
        if (!Array.isArray(sent)) return;
        for (const [at, one] of sent.entries()) {
          // A lone quote is no JSON: it is sent as a string.
          if (one !== params[at]) expect(one).toEqual(JSON.parse(params[at] ?? ""));
        }
      }),
    );
  });

  it("with a key each keep their keys; without one are refused", () => {
    fc.assert(
      fc.property(fc.uniqueArray(key, { minLength: 1 }), value, (keys, text) => {
        const sent = JSON.parse(callParams(keys.map((name) => `${name}=${text}`)).text);
        expect(Object.keys(sent).sort()).toEqual([...keys].sort());
        expect(() => callParams(keys, true)).toThrow(Failure);
      }),
    );
  });
});

const installed = has("lightning-cli");

describe.skipIf(!installed)(
  `lightning-cli${installed ? "" : " (skipped: it is not on PATH)"}`,
  () => {
    const box = sharedSandbox();
    const server = createServer();
    let received: unknown;

    beforeAll(async () => {
      server.on("connection", (socket) => {
        const framer = new Framer();
        socket.on("data", (chunk) => {
          // It asks for notifications first.
          for (const { bytes } of framer.push(chunk)) {
            const { id, params } = JSON.parse(bytes.toString("utf8"));
            received = params;
            socket.write(`${JSON.stringify({ jsonrpc: "2.0", id, result: {} })}\n\n`);
          }
        });
      });
      await new Promise<void>((resolve) => server.listen(join(box().root, "rpc"), resolve));
    });
    afterAll(() => new Promise((resolve) => server.close(resolve)));

    it("sends the same for key=value and for values in order", async () => {
      const typed = value.filter(
        (text) => !brokenLiteral(text) && !text.startsWith("-") && !text.includes("\0"),
      );
      const params = fc.oneof(
        fc.array(typed, { maxLength: 4 }).filter(([first]) => !first?.includes("=")),
        fc
          .uniqueArray(fc.tuple(key, typed), {
            minLength: 1,
            maxLength: 4,
            selector: ([name]) => name,
          })
          .map((pairs) => pairs.map(([name, text]) => `${name}=${text}`)),
      );
      await fc.assert(
        fc.asyncProperty(params, async (given) => {
          const flags = [`--lightning-dir=${box().root}`, `--rpc-file=${box().root}/rpc`];
          await run("lightning-cli", [...flags, "method", ...given]);
          expect(JSON.parse(callParams(given).text)).toEqual(received);
        }),
        { numRuns: 60 },
      );
    });
  },
);
