/** How plugins begin and end: run on each kind of node. */
import "./scenarios/start-failures.js";
import "./scenarios/stop.js";
import "./scenarios/init.js";
import "./scenarios/timeouts.js";
import "./scenarios/shutdown.js";
