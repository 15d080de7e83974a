/** What nodes and plugins say to each other: run on each kind of node. */
import "./scenarios/logs.js";
import "./scenarios/messages.js";
import "./scenarios/notifications.js";
import "./scenarios/rpc-command.js";
import "./scenarios/lightning-cli.js";
