/** Why a reload is not even tried, whatever the plugin file is like. */
import { Failure } from "../errors/failure.js";

/** @param path of the plugin */
export function sessionClosed(path: string): Failure {
  return new Failure({
    kind: "session-closed",
    what: `${path} was not reloaded`,
    why: "the session was closed before",
    fix: "Open a new one",
    exitCode: 1,
  });
}

/** A node that somebody starts again by itself would die at once, and again. @param path of the plugin */
export function killsNode(path: string): Failure {
  return new Failure({
    kind: "plugin-kills-node",
    what: `${path} is not started again`,
    why: "the node died when it was started as it is now",
    fix: "Mend it and save, or try it all the same with r or cln-dev restart",
    exitCode: 1,
  });
}
