/** Opens a session's control socket; where there is no room for it, the session does without. */
import { Failure, messageOf } from "../../errors/failure.js";
import { type ControlMethods, ControlServer } from "./control-server.js";
import { controlFolder, isWithoutRoom } from "./socket-folder.js";

/**
 * @returns the socket, or what to tell the user about there being none
 * @throws Failure `control-folder`: the folder for it is not ours alone
 */
export async function openControl(methods: ControlMethods): Promise<ControlServer | string> {
  try {
    return await ControlServer.open(controlFolder(), methods);
  } catch (error) {
    if (!isWithoutRoom(error)) throw error;
    const cause = error instanceof Failure ? error.cause : error;
    return `there is no control socket, so cln-dev restart does not find this session: ${messageOf(cause)}`;
  }
}
