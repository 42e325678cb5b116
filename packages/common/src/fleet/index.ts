/** The protocol of a fleet: between hub and nodes, and between hub and people. */

export * from './check-block.ts';
export * from './fleet-limits.ts';
export * from './fleet-names.ts';
export * from './generation.ts';
export * from './grant.ts';
export * from './join-token.ts';
export * from './minute-sums.ts';
export * from './node-messages.ts';
export * from './node-report.ts';
export * from './people-messages.ts';
export * from './shipped-columns.ts';
export * from './signed.ts';
