/** What a node's config and environment give to the backend. */

/** The option with the folder of the chain. */
export const CHAIN_OPTION = "cln-dev-chain";
/** The option with the hash of block 1: a node refuses another chain than its own. */
export const CHAIN_ID_OPTION = "cln-dev-chain-id";
/** The environment variable with the process (number and start) with which a network ends. */
export const OWNER_VARIABLE = "CLN_DEV_REGTEST_OWNER";
