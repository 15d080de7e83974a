/** Plugins that are broken, each in one way, with the words that a developer must be told. */
import { MANIFEST_FAULTS, MANIFESTS } from "./manifests.js";
import { COMPILED, NODE_INIT, NODES, SHELLS } from "./others.js";
import type { BrokenPlugin } from "./plugins.js";
import { PYTHONS } from "./python.js";
import { TUTORIAL } from "./tutorial.js";

export const BROKEN: readonly BrokenPlugin[] = [
  ...TUTORIAL,
  ...PYTHONS,
  ...MANIFESTS,
  ...MANIFEST_FAULTS,
  ...NODES,
  ...NODE_INIT,
  ...SHELLS,
  ...COMPILED,
];
