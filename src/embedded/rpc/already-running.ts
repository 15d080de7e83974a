/** One directory, one node. Used wherever that shows. */
import { Failure } from "../../errors/failure.js";

/** @param how what shows it: an answering socket, a process */
export function nodeAlreadyRunning(networkDir: string, how: string): Failure {
  return new Failure({
    kind: "node-already-running",
    what: `cannot start an embedded node in ${networkDir}`,
    why: `another node is running there: ${how}`,
    fix: "Stop that one, or name another directory with --lightning-dir",
    exitCode: 2,
  });
}
