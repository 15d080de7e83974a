/** What would harm others on the same node, so that each has its own: run on each kind of node. */
import "./scenarios/killers.js";
import "./scenarios/startup.js";
