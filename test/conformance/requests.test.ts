/** Requests, and the methods that the node itself answers: run on each kind of node. */
import "./scenarios/framing.js";
import "./scenarios/ids.js";
import "./scenarios/pipelining.js";
import "./scenarios/filter.js";
import "./scenarios/plugin-usage.js";
import "./scenarios/paths.js";
import "./scenarios/builtin.js";
import "./scenarios/check.js";
import "./scenarios/datastore.js";
