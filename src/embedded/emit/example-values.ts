/** Values that the example payloads share, so that they fit together: one peer, one channel, one payment. */

/** The peer with whom everything happens. */
export const PEER = "022d223620a359a47ff7f7ac447c85c46c923da53389221a0054c11c1e3ca31d59";
/** Somebody beyond the peer. */
export const FAR = "035d2b1192dfba134e10e540875d366ebc8bc353d5aa766b80c090b39c3a5d885d";
export const CHANNEL_ID = "252d1b0a1e57895e84137f28cf19ab2c35847e284c112fefdecc7afeaa5c1de7";
export const SCID = "103x2x1";
export const OTHER_SCID = "103x1x0";
export const FUNDING_TXID = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b";
export const BLOCK_HASH = "7b4ab8ec8b4ef5c9bd4a6b6ad5de04a0ed7d2ba8d1b5ab0e06d1a3a9f12dc9f6";
/** A preimage, and its SHA-256. */
export const PREIMAGE = "00".repeat(32);
export const PAYMENT_HASH = "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925";
export const SECRET = "11".repeat(32);
export const FEATURES = "8898880a8a59a1";
/** An empty transaction as a PSBT. */
export const PSBT = "cHNidP8BAgQCAAAAAQMEbwAAAAEEAQEBBQECAQYBAwH7BAIAAAAA";
/** When it happened, in seconds since the epoch. */
export const TIME = 1795600000;
