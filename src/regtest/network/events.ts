/**
 * What happens in a regtest network, step by step. `--json` prints these events, the command shows
 * them.
 */

/** What you need to use a node. */
export interface RegtestNodeFacts {
  /** `l1`, `l2`, ... */
  readonly name: string;
  readonly id: string;
  /** The value for `--lightning-dir`. */
  readonly lightningDir: string;
  readonly rpcFile: string;
  /** The port for peers, on 127.0.0.1. */
  readonly port: number;
  /** Undefined if it cannot be verified. */
  readonly pid: number | undefined;
}

export interface RegtestChannel {
  readonly from: string;
  readonly to: string;
  readonly shortChannelId: string;
  readonly capacitySat: number;
}

export interface RegtestNodeStatus {
  readonly name: string;
  readonly lightningDir: string;
  readonly port: number;
  readonly version: string;
  readonly state: "running" | "stopped" | "not answering";
  readonly id?: string;
  readonly pid?: number;
  readonly height?: number;
  /** The first error in the log of a node that does not answer. */
  readonly lastWords?: string;
}

export type RegtestEvent =
  | { readonly event: "chain"; readonly height: number }
  | {
      readonly event: "node-started";
      readonly name: string;
      readonly version: string;
      readonly ms: number;
    }
  | {
      readonly event: "port-changed";
      readonly name: string;
      readonly from: number;
      readonly to: number;
    }
  | { readonly event: "options-ignored"; readonly names: readonly string[] }
  | { readonly event: "node-stopped"; readonly name: string; readonly killed: boolean }
  | { readonly event: "funded"; readonly name: string; readonly sat: number }
  | ({ readonly event: "channel" } & RegtestChannel)
  | {
      readonly event: "mined";
      readonly height: number;
      readonly blocks: number;
      /** The nodes that are at that height now. */
      readonly nodes: readonly string[];
      readonly ms: number;
    }
  | {
      readonly event: "reorganized";
      readonly depth: number;
      readonly height: number;
      readonly removed: readonly string[];
    }
  | {
      readonly event: "paid";
      readonly from: string;
      readonly to: string;
      readonly msat: number;
      readonly feeMsat: number;
      readonly preimage: string;
      readonly ms: number;
    }
  | {
      readonly event: "fees";
      readonly feerates: { readonly [blocks: string]: number };
      readonly nodes: readonly string[];
    }
  | {
      readonly event: "status";
      readonly dir: string;
      readonly height: number;
      readonly nodes: readonly RegtestNodeStatus[];
      readonly channels: readonly RegtestChannel[];
    }
  | { readonly event: "reset"; readonly dir: string; readonly left: readonly string[] }
  | {
      readonly event: "ready";
      readonly dir: string;
      /**
       * Whether the nodes run with `--developer`: without it a node may take 30 s to see a block.
       */
      readonly developer: boolean;
      readonly ms: number;
      readonly nodes: readonly RegtestNodeFacts[];
      readonly channels: readonly RegtestChannel[];
    };
