/** What plugins say of themselves, and what they are given: run on each kind of node. */
import "./scenarios/manifest.js";
import "./scenarios/options.js";
