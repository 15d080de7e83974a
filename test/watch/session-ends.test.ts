/** A session that is closed: whoever waits is told, and nothing of it goes on. For users of the API. */
import type { Socket } from "node:net";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { WatchEvent } from "../../src/events/watch-events.js";
import { callNode } from "../../src/node/rpc/client.js";
import { locateAddress } from "../../src/settings/locate/locate-node.js";
import type { NodeAddress } from "../../src/settings/types.js";
import { NodeMonitor } from "../../src/watch/node/node-monitor.js";
import { Session } from "../../src/watch/session.js";
import { type FakeNode, type FakeRequest, fakeNode } from "../support/fake-node.js";
import { startNode } from "../support/nodes.js";
import { language, writePlugin } from "../support/plugin.js";
import { type Sandbox, sandbox } from "../support/sandbox.js";
import { until } from "../support/until.js";

let box: Sandbox;
beforeEach(() => {
  box = sandbox();
  // The control socket is made by this very process.
  vi.stubEnv("XDG_RUNTIME_DIR", box.env.XDG_RUNTIME_DIR);
  onTestFinished(() => void vi.unstubAllEnvs());
});

const plain = { options: [], ignore: [], call: [], safe: false };

function addressOf(lightningDir: string): NodeAddress {
  return locateAddress({ lightningDir, network: "regtest" }, { home: box.home, cwd: box.work });
}

interface Opened {
  readonly session: Session;
  readonly events: WatchEvent[];
  /** Resolves when it is closed, in a time in which somebody who quits still waits. */
  close(): Promise<void>;
}

async function open(
  path: string,
  lightningDir: string,
  call: readonly string[] = [],
): Promise<Opened> {
  const events: WatchEvent[] = [];
  const session = await Session.open({
    plugins: [{ ...plain, call, path, watch: [], only: [] }],
    nodes: [addressOf(lightningDir)],
    embedded: false,
    onEvent: (event) => events.push(event),
  });
  const close = async () => {
    let closed = false;
    const closing = session.close().then(() => {
      closed = true;
    });
    await until("the end of the session", () => closed);
    await closing;
  };
  return { session, events, close };
}

describe("who waits for a reload when the session is closed", () => {
  it("gets the outcome that it was closed, and so does who asks later", async () => {
    const node = await startNode(box);
    const plugin = writePlugin(box.work, { start: language.hangs });
    const { session, events, close } = await open(plugin, node.lightningDir);
    await until("the start", () =>
      events.some((event) => event.event === "phase" && event.phase === "start"),
    );
    const waiting = [session.firstOutcomes, session.restart("command")];
    await close();
    waiting.push(session.restart("key"));
    for (const outcomes of await Promise.all(waiting)) {
      expect(outcomes).toMatchObject([
        { event: "refused", kind: "session-closed", path: plugin, running: false },
      ]);
    }
    expect(events.some(({ event }) => event === "refused")).toBe(false);
  });

  it("is not followed by the user's calls where the reload ends all the same", async () => {
    const node = await startNode(box);
    const plugin = writePlugin(box.work);
    const { session, events } = await open(plugin, node.lightningDir, ["version"]);
    await session.firstOutcomes;
    await until("the call", () => events.some(({ event }) => event === "called"));
    const reloading = session.restart("command");
    const closing = session.close();
    await Promise.all([reloading, closing]);
    const calls = events.filter(({ event }) => event === "called").length;
    await callNode(node.rpcFile, "getinfo");
    expect(events.filter(({ event }) => event === "called")).toHaveLength(calls);
  });
});

describe("a node that does not answer does not hold up the end", () => {
  const names = (path: string) => ({ plugins: [{ name: path, active: true, dynamic: true }] });
  const answer = (socket: Socket, { id }: FakeRequest, result: unknown) =>
    void socket.write(`${JSON.stringify({ jsonrpc: "2.0", id, result })}\n\n`);

  /** A node that runs the plugin; what is silent is named as `method` or `plugin stop`. */
  async function silentNode(path: string, isSilent: (what: FakeRequest) => boolean) {
    const lightningDir = box.folder();
    const say = (result: unknown) => (socket: Socket, request: FakeRequest) => {
      if (!isSilent(request)) answer(socket, request, result);
    };
    const rpcFile = join(lightningDir, "regtest", "lightning-rpc");
    const node: FakeNode = await fakeNode(rpcFile, {
      getinfo: say({ network: "regtest", version: "v26.06.6" }),
      plugin: say(names(path)),
      listconfigs: say({ configs: {} }),
    });
    box.onEnd(() => node.close());
    return { node, lightningDir };
  }

  it.each([
    ["listconfigs, asked for what is important", "listconfigs", "important-plugin", 1],
    // The other question is that of the log.
    ["listconfigs, asked for its options", "listconfigs", "{}", 2],
    ["plugin stop", "plugin", "stop", 1],
  ])("at %s", async (_, method, word, times) => {
    const plugin = writePlugin(box.work);
    const isIt = (request: FakeRequest) =>
      request.method === method && JSON.stringify(request.params).includes(word);
    const { node, lightningDir } = await silentNode(plugin, isIt);
    const { session, close } = await open(plugin, lightningDir);
    await until("the question", () => node.requests.filter(isIt).length === times);
    await close();
    expect(await session.firstOutcomes).toMatchObject([{ kind: "session-closed" }]);
    // What comes of the stop is not known.
    expect(session.running).toEqual([]);
  });
});

it("a session that cannot be opened leaves no watch on the files of its other plugins", async () => {
  const node = await startNode(box);
  const watches = () =>
    process.getActiveResourcesInfo().filter((name) => name === "FSEventWrap").length;
  const before = watches();
  const opening = Session.open({
    plugins: [
      { ...plain, path: writePlugin(box.work, {}, "one"), watch: [], only: [] },
      { ...plain, path: writePlugin(box.work, {}, "two"), watch: [], only: [] },
    ],
    nodes: [addressOf(box.folder())],
    embedded: false,
    onEvent: () => {},
  });
  await expect(opening).rejects.toThrow("no node");
  // Time enough for a watch that is being opened still.
  for (let call = 0; call < 20; call++) await callNode(node.rpcFile, "getinfo");
  expect(watches()).toBe(before);
});

it("a node that is suspected during a look is looked at once more after it, not meanwhile", async () => {
  const unanswered: (() => void)[] = [];
  const node = await fakeNode(join(box.folder(), "rpc"), {
    getinfo: {},
    plugin: (socket: Socket, { id }: FakeRequest) =>
      void unanswered.push(() =>
        socket.write(`${JSON.stringify({ jsonrpc: "2.0", id, result: { plugins: [] } })}\n\n`),
      ),
  });
  onTestFinished(() => node.close());
  let looks = 0;
  const monitor = new NodeMonitor({
    rpcFile: node.rpcFile,
    onGone: () => {},
    onBack: () => {},
    onPlugins: () => void looks++,
  });
  onTestFinished(() => monitor.close());
  monitor.watch();
  monitor.checkNow();
  await until("the first look", () => unanswered.length === 1);
  monitor.checkNow();
  // Time enough for a second look, were there one.
  for (let call = 0; call < 20; call++) await callNode(node.rpcFile, "getinfo");
  expect(unanswered).toHaveLength(1);
  unanswered[0]?.();
  await until("the second look", () => unanswered.length === 2);
  unanswered[1]?.();
  await until("its end", () => looks === 2);
});
