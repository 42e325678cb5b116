/** Limits of the protocol between hub, nodes and people. */

/** Version of the protocol between a hub and its nodes. */
export const FLEET_PROTOCOL_VERSION = 1;

export const MAX_NODES_OF_A_HUB = 10_000;
/** How often a node reports while somebody watches. */
export const WATCHED_REPORT_MS = 1000;
/** How often a node reports otherwise. */
export const IDLE_REPORT_MS = 10_000;
/** A node reports everything at least this often, so that a change that was lost is repaired. */
export const FULL_STATE_MS = 30_000;
/** How long a node, and a hub, may take to prove who they are. */
export const PROOF_MS = 10_000;
/** How long a hub, and the node's core, accept a grant. */
export const GRANT_MS = 12 * 60 * 60 * 1000;

/** Characters of a signed generation: rules with their lists. */
export const MAX_GENERATION_BYTES = 32 * 1024 * 1024;
/** Bytes of a report. */
export const MAX_REPORT_BYTES = 64 * 1024;
/** Bytes of a shipped block, compressed and decompressed. */
export const MAX_SHIPPED_BYTES = 8 * 1024 * 1024;
export const MAX_SHIPPED_ROWS = 65_536;
