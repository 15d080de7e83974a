/** Options of the node and its plugins, most on nodes of their own: run on each kind of node. */
import "./scenarios/configs.js";
import "./scenarios/setconfig.js";
